/**
 * A folder of a user, outside of the repository, with some files in it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes away when it is disposed of. */
export interface UserFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder with files, given by name and text. */
export async function createUserFolder(files: Readonly<Record<string, string>>): Promise<UserFolder> {
  const path = await mkdtemp(join(tmpdir(), "toolscript-test-"));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(path, name), text)));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
