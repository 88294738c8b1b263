import { chmod, lstat, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkFolder, whyFileIsChangeable } from "./own-files.ts";

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "toolscript-own-")));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function makeFolder(name: string, mode: number): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
  return path;
}

describe.skipIf(process.platform === "win32")("checkFolder()", () => {
  test("trusts a folder that others may read, or share as the temporary one is shared", async () => {
    for (const mode of [0o700, 0o755, 0o1777]) {
      const path = await makeFolder(`of-mode-${mode}`, mode);
      expect(await checkFolder(path)).toEqual({ path });
    }
  });

  test("trusts none that others may write to, nor one below it", async () => {
    for (const mode of [0o777, 0o775, 0o702]) {
      const path = await makeFolder(`of-mode-${mode}`, mode);
      const below = await makeFolder(`of-mode-${mode}/below`, 0o700);
      const distrusted = `"${path}" is writable by others (mode "${mode.toString(8)}")`;
      expect(await checkFolder(path)).toEqual({ distrusted });
      expect(await checkFolder(below)).toEqual({ distrusted });
    }
  });

  test("looks at where a link leads to, and hands that out", async () => {
    const open = await makeFolder("open", 0o777);
    const closed = await makeFolder("closed", 0o700);
    await symlink(closed, join(open, "link"));
    await symlink(join(open, "link"), join(folder, "link"));
    expect(await checkFolder(join(folder, "link"))).toEqual({ path: closed });
    await symlink(open, join(closed, "out"));
    const distrusted = `"${open}" is writable by others (mode "777")`;
    expect(await checkFolder(join(closed, "out"))).toEqual({ distrusted });
  });
});

describe.skipIf(process.platform === "win32")("whyFileIsChangeable()", () => {
  test("finds nothing in a file of this user, and says what is wrong with others", async () => {
    const path = join(folder, "file");
    await writeFile(path, "x", { mode: 0o600 });
    expect(whyFileIsChangeable(await lstat(path))).toBeUndefined();
    await chmod(path, 0o1666);
    expect(whyFileIsChangeable(await lstat(path))).toBe('writable by others (mode "1666")');
    await symlink(path, join(folder, "link"));
    expect(whyFileIsChangeable(await lstat(join(folder, "link")))).toBe("no file");
  });
});
