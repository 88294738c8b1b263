/** A snapshot that another user has put into the cache, or could have changed, is nobody's to start from. */
import { chown, copyFile, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { driveSession } from "../../src/sandbox/wasm/fixtures/drive-session.ts";
import { wasm } from "../../src/sandbox/wasm/wasm.ts";
import { requireOrSkip } from "../require.ts";

const SOMEBODY_ELSE = 65_534;
const BUILD_MS = 120_000;

const skip = await requireOrSkip("root", () => process.geteuid?.() === 0);

describe.skipIf(skip)("a snapshot of another user", () => {
  let folder: string;
  let good: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "toolscript-planted-"));
    await openOnce(join(folder, "first"));
    good = join(folder, "first", (await readdir(join(folder, "first")))[0] ?? "");
  }, BUILD_MS);

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A cache that already holds a snapshot which is good but for its owner. */
  async function plant(name: string, ownerOf: "file" | "folder"): Promise<string> {
    const cache = join(folder, name);
    await mkdir(cache, { mode: 0o700 });
    const file = join(cache, good.slice(good.lastIndexOf("/") + 1));
    await copyFile(good, file);
    await chown(ownerOf === "file" ? file : cache, SOMEBODY_ELSE, SOMEBODY_ELSE);
    return file;
  }

  test("is replaced by one of this user's [wasm.snapshot-owner]", { timeout: BUILD_MS }, async () => {
    const file = await plant("file-of-another", "file");
    await openOnce(join(folder, "file-of-another"));
    expect(await stat(file)).toMatchObject({ uid: 0, mode: 0o100600 });
  });

  test(
    "is not used in a folder of another user's, and nothing is put there",
    { timeout: BUILD_MS },
    async () => {
      const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      const file = await plant("folder-of-another", "folder");
      const { ino, mtimeMs } = await stat(file);
      await openOnce(join(folder, "folder-of-another"));
      expect(await stat(file)).toMatchObject({ ino, mtimeMs });
      expect(warnings.mock.calls).toEqual([
        [expect.stringContaining(`is owned by user "${SOMEBODY_ELSE}", wanted "0"`), expect.anything()],
      ]);
    },
  );
});

async function openOnce(cacheDir: string): Promise<void> {
  const sandbox = wasm({ cacheDir });
  try {
    const driven = driveSession(await sandbox.open());
    expect((await driven.run("print(1)")).output).toBe("1\n");
  } finally {
    await sandbox.close();
  }
}
