import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultCacheFolder } from "./cache-folder.ts";
import { driveSession } from "../fixtures/drive-session.ts";
import { findPrograms } from "../programs.ts";
import { isGoodSnapshot, SNAPSHOT_HEADER_BYTES, writeSnapshot } from "./snapshot-file.ts";
import { snapshotKey } from "./snapshot-key.ts";
import { createSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";
import { wasm } from "../wasm.ts";

const PAYLOAD = Buffer.alloc(2 * 1024 * 1024, "snapshot");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "toolscript-snapshot-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("a snapshot file", () => {
  test("is good when it was written, and whole", async () => {
    const path = join(folder, "deep", "file");
    expect(await isGoodSnapshot(path)).toBe(false);
    await writeSnapshot(path, PAYLOAD);
    expect(await isGoodSnapshot(path)).toBe(true);
    expect((await readFile(path)).subarray(SNAPSHOT_HEADER_BYTES).equals(PAYLOAD)).toBe(true);
    expect(await readdir(join(folder, "deep"))).toEqual(["file"]);
  });

  test("is not good when a byte has changed, or an end is missing", async () => {
    const path = join(folder, "file");
    for (const damage of [
      flipByte(path, 3),
      flipByte(path, 20),
      flipByte(path, 500_000),
      cut(path, 40),
      cut(path, 1_500_000),
    ]) {
      await writeSnapshot(path, PAYLOAD);
      await damage();
      expect(await isGoodSnapshot(path)).toBe(false);
    }
  });

  test("is whole when many write it at the same time", async () => {
    const path = join(folder, "file");
    await Promise.all(Array.from({ length: 8 }, async () => writeSnapshot(path, PAYLOAD)));
    expect(await isGoodSnapshot(path)).toBe(true);
    expect(await readdir(folder)).toEqual(["file"]);
  });
});

describe("createSnapshotStore()", () => {
  const build = vi.fn(async () => PAYLOAD);
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});

  beforeEach(() => {
    build.mockClear();
    warnings.mockClear();
  });

  const makeStore = (cacheFolder = folder): SnapshotStore =>
    createSnapshotStore({
      programs: findPrograms(),
      bootMessage: Buffer.from("{}"),
      cacheFolder,
      wallMode: "if-available",
      build,
    });

  test("builds once, for callers at the same time and for later stores", async () => {
    const store = makeStore();
    const paths = await Promise.all([
      store.acquire(),
      store.acquire(),
      makeStore()
        .acquire()
        .then(() => store.acquire()),
    ]);
    expect(new Set(paths).size).toBe(1);
    build.mockClear();
    expect(await makeStore().acquire()).toBe(paths[0]);
    expect(build).not.toHaveBeenCalled();
  });

  test("builds anew when the file is damaged, truncated or not a file [wasm.snapshot]", async () => {
    const path = (await makeStore().acquire()) ?? "";
    for (const damage of [flipByte(path, 100_000), cut(path, 0), async () => chmod(path, 0o000)]) {
      await damage();
      expect(await makeStore().acquire()).toBe(path);
      expect(await isGoodSnapshot(path)).toBe(true);
    }
  });

  test.skipIf(process.platform === "win32")(
    "builds anew when others may have changed the file, and makes one that they cannot change",
    async () => {
      const path = (await makeStore().acquire()) ?? "";
      build.mockClear();
      await chmod(path, 0o666);
      expect(await makeStore().acquire()).toBe(path);
      expect(build).toHaveBeenCalledOnce();
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    },
  );

  test.skipIf(process.platform === "win32")(
    "keeps a private file, and says why, when others may write to the cache",
    async () => {
      const cache = join(folder, "shared", "cache");
      const planted = (await makeStore(cache).acquire()) ?? "";
      expect((await stat(dirname(planted))).mode & 0o777).toBe(0o700);
      await chmod(join(folder, "shared"), 0o777);
      build.mockClear();
      const store = makeStore(cache);
      const path = (await store.acquire()) ?? "";
      expect(path).not.toBe(planted);
      expect(build).toHaveBeenCalledOnce();
      expect(warnings.mock.calls).toEqual([
        [expect.stringMatching(/shared" is writable by others \(mode "777"\)$/), expect.anything()],
      ]);
      await store.close();
    },
  );

  test("builds anew when somebody empties the cache under a running process", async () => {
    const store = makeStore();
    const path = (await store.acquire()) ?? "";
    await rm(path);
    expect(await store.acquire()).toBe(path);
    expect(build).toHaveBeenCalledTimes(2);
  });

  test("keeps a private file, and says so, when the cache cannot be written", async () => {
    const blocked = join(folder, "a-file");
    await writeFile(blocked, "");
    const store = makeStore(join(blocked, "cache"));
    const path = (await store.acquire()) ?? "";
    expect(path.startsWith(realpathSync(tmpdir()))).toBe(true);
    expect(await isGoodSnapshot(path)).toBe(true);
    expect(warnings).toHaveBeenCalledOnce();
    await store.close();
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });

  test("keeps none, and says so, when nothing can be written", async () => {
    const blocked = join(folder, "a-file");
    await writeFile(blocked, "");
    vi.stubEnv("TMPDIR", blocked);
    vi.stubEnv("TEMP", blocked);
    expect(await makeStore(join(blocked, "cache")).acquire()).toBeUndefined();
    expect(warnings).toHaveBeenCalledTimes(2);
    vi.unstubAllEnvs();
  });

  test("tries again after a build that failed", async () => {
    const store = makeStore();
    build.mockRejectedValueOnce(new Error("no"));
    await expect(store.acquire()).rejects.toThrow("no");
    expect(await store.acquire()).toMatch(/pysnapshot$/);
  });

  test("removes what has not been used for longest, and what was left behind", async () => {
    const old = new Date(Date.now() - 86_400_000);
    for (const name of [
      "1.pysnapshot",
      "2.pysnapshot",
      "3.pysnapshot",
      "4.pysnapshot",
      "5.pysnapshot.abc.tmp",
    ]) {
      await writeFile(join(folder, name), "x");
      await utimes(join(folder, name), old, new Date(old.getTime() + Number(name[0])));
    }
    await writeFile(join(folder, "somebody-else"), "x");
    await makeStore().acquire();
    const left = await readdir(folder);
    expect(left).toHaveLength(5);
    const kept = ["2.pysnapshot", "3.pysnapshot", "4.pysnapshot", "somebody-else"];
    expect(left).toEqual(expect.arrayContaining(kept));
  });
});

describe("snapshotKey()", () => {
  test("changes with the boot message and with a file of Pyodide", async () => {
    const programs = findPrograms();
    const key = await snapshotKey(programs, Buffer.from("a"));
    expect(await snapshotKey(programs, Buffer.from("a"))).toBe(key);
    expect(await snapshotKey(programs, Buffer.from("b"))).not.toBe(key);
    const touched = join(folder, "python_stdlib.zip");
    await writeFile(touched, "x");
    expect(await snapshotKey({ ...programs, pyodideFiles: [touched] }, Buffer.from("a"))).not.toBe(key);
  });
});

describe("wasm() without a good snapshot", () => {
  test(
    "two hosts that find a damaged one build at the same time, both work, and a good one stays",
    { timeout: 90_000 },
    async () => {
      const wasmModule = new URL("../wasm.ts", import.meta.url).href;
      const program = `
      const { wasm } = await import(${JSON.stringify(wasmModule)});
      const sandbox = wasm({ cacheDir: ${JSON.stringify(folder)} });
      const session = await sandbox.open();
      console.log(session.python);
      await sandbox.close();`;
      const host = async (): Promise<string> =>
        (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program])).stdout.trim();
      const path = await pathOfSnapshot(folder);
      await writeFile(path, "damaged");
      expect(await Promise.all([host(), host()])).toEqual([
        expect.stringMatching(/^3\./),
        expect.stringMatching(/^3\./),
      ]);
      expect(await isGoodSnapshot(path)).toBe(true);
      expect(await readdir(folder)).toHaveLength(1);
    },
  );

  test("starts without one when none can be kept", { timeout: 90_000 }, async () => {
    const blocked = join(folder, "a-file");
    await writeFile(blocked, "");
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    vi.stubEnv("TMPDIR", blocked);
    vi.stubEnv("TEMP", blocked);
    await using stack = new AsyncDisposableStack();
    const sandbox = stack.adopt(wasm({ cacheDir: join(blocked, "cache"), wall: "if-available" }), (each) =>
      each.close(),
    );
    const driven = driveSession(await sandbox.open());
    vi.unstubAllEnvs();
    expect((await driven.run("print(await echo(value=1))")).output).toBe("1\n");
    expect(warnings).toHaveBeenCalledTimes(2);
  });
});

test("defaultCacheFolder() is where each system wants it", () => {
  expect(defaultCacheFolder({}, "linux", "/home/a")).toBe(join("/home/a", ".cache", "toolscript"));
  expect(defaultCacheFolder({ XDG_CACHE_HOME: "/x" }, "linux", "/home/a")).toBe(join("/x", "toolscript"));
  expect(defaultCacheFolder({ XDG_CACHE_HOME: "relative" }, "linux", "/home/a")).toBe(
    join("/home/a", ".cache", "toolscript"),
  );
  expect(defaultCacheFolder({}, "darwin", "/Users/a")).toBe(
    join("/Users/a", "Library", "Caches", "toolscript"),
  );
  expect(defaultCacheFolder({ LOCALAPPDATA: "C" }, "win32", "H")).toBe(join("C", "toolscript"));
});

/** The path that `wasm({ cacheDir })` will use: built with a fake, then removed. */
async function pathOfSnapshot(cacheFolder: string): Promise<string> {
  const { runnerModules } = await import("../../runner-source.ts");
  const bootMessage = Buffer.from(JSON.stringify(Object.fromEntries(runnerModules())));
  return join(cacheFolder, `${await snapshotKey(findPrograms(), bootMessage)}.pysnapshot`);
}

function flipByte(path: string, position: number): () => Promise<void> {
  return async () => {
    const bytes = await readFile(path);
    bytes[position] = (bytes[position] ?? 0) ^ 0xff;
    await writeFile(path, bytes);
  };
}

function cut(path: string, size: number): () => Promise<void> {
  return async () => truncate(path, size);
}
