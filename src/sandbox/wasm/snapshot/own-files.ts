/**
 * Whether a file is this user's alone to change. A snapshot is Python's memory: who can change it says what every later
 * session runs, and its checksum, which lies in the file itself, would fit.
 */
import { type Stats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** Where a folder really is, or why others could change what is in it. */
export type FolderTrust = { readonly path: string } | { readonly distrusted: string };

/**
 * Looks at a folder and at all folders above it: each must be owned by this user or by root, and writable by nobody else,
 * or only as a shared folder is (sticky), in which nobody can replace the files of others. What is trusted is the real path:
 * no link is left in it that could be bent later.
 *
 * @throws what the file system throws, when there is no such folder
 */
export async function checkFolder(folder: string): Promise<FolderTrust> {
  const path = await realpath(folder);
  for (const each of [path, ...foldersAbove(path)]) {
    const reason = whyChangeable(await lstat(each), STICKY);
    if (reason !== undefined) return { distrusted: `"${each}" is ${reason}` };
  }
  return { path };
}

/** Why somebody else could change this file, judged by itself; undefined when nobody can. */
export function whyFileIsChangeable(status: Stats): string | undefined {
  return status.isFile() ? whyChangeable(status, 0) : "no file";
}

/** Windows knows no such owners and modes: there, a user's folders are protected by lists of their own. */
function whyChangeable({ uid, mode }: Stats, pardon: number): string | undefined {
  const self = process.geteuid?.();
  if (self === undefined) return undefined;
  if (uid !== self && uid !== 0) return `owned by user "${uid}", wanted "${self}"`;
  const isWritable = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & pardon) === 0;
  return isWritable ? `writable by others (mode "${(mode & 0o7777).toString(8)}")` : undefined;
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let each = dirname(path); each !== folders.at(-1); each = dirname(each)) folders.push(each);
  return folders;
}
