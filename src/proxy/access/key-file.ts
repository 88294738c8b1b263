/**
 * The keys file: read once at the start, and again whenever it changes.
 *
 * Guarantees: the start fails when the file cannot be used; later a broken file changes nothing, and why is told. Changes
 * are found by asking for the file's state, which works for mounted secrets and network disks as well.
 */
import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import { ToolscriptError, toErrorMessage } from "../../errors.ts";
import { type KeyRecord, parseKeyRecords } from "./key-record.ts";

/** Milliseconds between two looks at the file. */
export const DEFAULT_KEY_FILE_POLL_MS = 2_000;

/** Options of {@link followKeyFile}. */
export interface FollowKeyFileOptions {
  /** Hears of the file's keys whenever it was read again. */
  readonly onKeys: (records: readonly KeyRecord[]) => void;
  /** Hears why the file could not be used; the keys stay as they were. */
  readonly onError: (error: ToolscriptError) => void;
  /** @default 2_000 */
  readonly pollMs?: number;
}

/** A keys file that is being followed. */
export interface FollowedKeyFile {
  /** Reads the file now. Never rejects. */
  reload(): Promise<void>;
  /** Stops following. */
  close(): void;
}

/** Reads a keys file. @throws {ToolscriptError} `invalid-argument` */
export async function readKeyFile(path: string): Promise<KeyRecord[]> {
  return parseKeyRecords(await readText(path), `keys file "${path}"`);
}

/** Follows a keys file from now on; what it holds now is the caller's to read first. */
export function followKeyFile(path: string, options: FollowKeyFileOptions): FollowedKeyFile {
  const { onKeys, onError, pollMs = DEFAULT_KEY_FILE_POLL_MS } = options;
  let latest = 0;

  /** When reads overlap, the one that began last counts. */
  async function reload(): Promise<void> {
    latest += 1;
    const turn = latest;
    try {
      const records = await readKeyFile(path);
      if (turn === latest) onKeys(records);
    } catch (error) {
      if (turn === latest) onError(toToolscriptError(error, path));
    }
  }

  const onChange = (): void => void reload();
  watchFile(path, { interval: pollMs, persistent: false }, onChange);
  return {
    reload,
    close() {
      latest += 1;
      unwatchFile(path, onChange);
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw toToolscriptError(cause, path);
  }
}

function toToolscriptError(error: unknown, path: string): ToolscriptError {
  if (error instanceof ToolscriptError) return error;
  const message = `Reading the keys file "${path}" failed: ${toErrorMessage(error)}`;
  return new ToolscriptError("invalid-argument", message, { cause: error });
}
