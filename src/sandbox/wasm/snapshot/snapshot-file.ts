/**
 * The file of a snapshot: 16 bytes of magic, the SHA-256 of the rest, then Pyodide's own snapshot.
 *
 * Guarantees: a file is there in full or not at all, also when the machine stops in the middle or two processes write
 * the same one; a damaged file is told from a good one, and so is one that somebody else may have written.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { whyFileIsChangeable } from "./own-files.ts";

const MAGIC = Buffer.from("toolscript-snap1", "latin1");
const DIGEST_BYTES = 32;

/** Bytes before Pyodide's own; the guest program knows the same number. */
export const SNAPSHOT_HEADER_BYTES = MAGIC.length + DIGEST_BYTES;

/** Pyodide's snapshots are tens of megabytes; less than this is none. */
const MIN_SNAPSHOT_BYTES = 1024 * 1024;

/** Whether there is a readable, undamaged snapshot at `path` that only this user, or root, can change. */
export async function isGoodSnapshot(path: string): Promise<boolean> {
  let bytes: Buffer;
  try {
    bytes = await readOwn(path);
  } catch {
    return false; // absent, unreadable or somebody else's: it will be built anew
  }
  const payload = bytes.subarray(SNAPSHOT_HEADER_BYTES);
  return (
    payload.length >= MIN_SNAPSHOT_BYTES &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.subarray(MAGIC.length, SNAPSHOT_HEADER_BYTES).equals(digestOf(payload))
  );
}

async function readOwn(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const reason = whyFileIsChangeable(await file.stat());
    if (reason !== undefined) throw new Error(`Reading "${path}" failed: it is ${reason}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Writes a snapshot: to a file of another name first, then flushed, then renamed.
 *
 * @throws what the file system throws; nothing is left behind then
 */
export async function writeSnapshot(path: string, payload: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      for (const part of [MAGIC, digestOf(payload), payload]) await file.appendFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function digestOf(payload: Uint8Array): Buffer {
  return createHash("sha256").update(payload).digest();
}
