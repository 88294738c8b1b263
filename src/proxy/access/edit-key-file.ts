/**
 * Changes a keys file: adds a key, removes one.
 *
 * Guarantee: the file is replaced as a whole, so that a server that follows it never reads half of it; only its owner may
 * read it; no key is written, only hashes.
 */
import { randomBytes } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { ToolscriptError } from "../../errors.ts";
import { createApiKey, hashApiKey } from "./api-key.ts";
import { readKeyFile } from "./key-file.ts";
import { formatKeyRecords, type KeyRecord, parseKeyRecords } from "./key-record.ts";

/** What a new key may do; see `KeyRecord`. */
export type NewKey = Omit<KeyRecord, "sha256" | "createdAt">;

/** Adds a key, makes the file if there is none, and returns the key: it is told this once. @throws {ToolscriptError} `invalid-argument` */
export async function addKey(path: string, key: NewKey, now: Date = new Date()): Promise<string> {
  const records = (await exists(path)) ? await readKeyFile(path) : [];
  if (records.some(({ name }) => name === key.name)) {
    throw new ToolscriptError(
      "invalid-argument",
      `Adding the key "${key.name}" failed: "${path}" already has a key of that name; remove it first or choose another name`,
    );
  }
  const secret = createApiKey();
  const record: KeyRecord = { ...key, sha256: hashApiKey(secret), createdAt: now.toISOString() };
  await writeKeyFile(path, [...records, record]);
  return secret;
}

/** Removes a key. @throws {ToolscriptError} `invalid-argument` when there is none of that name */
export async function removeKey(path: string, name: string): Promise<void> {
  const records = await readKeyFile(path);
  const left = records.filter((record) => record.name !== name);
  if (left.length === records.length) {
    throw new ToolscriptError(
      "invalid-argument",
      `Removing the key "${name}" failed: "${path}" has no key of that name`,
    );
  }
  await writeKeyFile(path, left);
}

async function writeKeyFile(path: string, records: readonly KeyRecord[]): Promise<void> {
  const text = formatKeyRecords(records);
  parseKeyRecords(text, `new content of "${path}"`);
  const target = (await exists(path)) ? await realpath(path) : path;
  const draft = `${target}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolscriptError("invalid-argument", `Writing the keys file "${path}" failed: ${reason}`, {
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
