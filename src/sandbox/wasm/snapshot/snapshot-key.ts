/**
 * The name of a snapshot: a hash of everything that it was made from, so that a change of any input makes another file.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { guestProgram } from "../guest-program.ts";
import { type Programs, readPyodideVersion } from "../programs.ts";

/** Counts changes of the file format and of how a build works that no other input shows. */
const FORMAT = 1;

/**
 * The key of the snapshot that these inputs make.
 *
 * Large files count by size and time of change, small ones by content.
 */
export async function snapshotKey(programs: Programs, bootMessage: Uint8Array): Promise<string> {
  const inputs = {
    format: FORMAT,
    platform: `${process.platform}-${process.arch}`,
    pyodide: await readPyodideVersion(programs),
    files: await Promise.all([programs.deno, ...programs.pyodideFiles].map(describeFile)),
    guest: await digestOfFolder(dirname(guestProgram())),
    boot: createHash("sha256").update(bootMessage).digest("hex"),
  };
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 32);
}

async function describeFile(path: string): Promise<readonly [string, number, number]> {
  const { size, mtimeMs } = await stat(path);
  return [path, size, mtimeMs];
}

async function digestOfFolder(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const names = await readdir(folder);
  for (const name of names.filter((each) => !each.includes(".test.")).toSorted()) {
    hash.update(`${name}\n`).update(await readFile(join(folder, name)));
  }
  return hash.digest("hex");
}
