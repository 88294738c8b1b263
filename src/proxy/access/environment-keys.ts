/**
 * Keys from an environment variable: a keys file's JSON, or `NAME=KEY` and `NAME=sha256:HASH`, separated by commas.
 *
 * Guarantee: a key itself is hashed as soon as it is read, and no error holds it.
 */
import { ToolscriptError } from "../../errors.ts";
import { hashApiKey, MIN_KEY_CHARACTERS } from "./api-key.ts";
import { type KeyRecord, parseKeyRecords } from "./key-record.ts";

/** Name of the variable. */
export const KEYS_VARIABLE = "TOOLSCRIPT_KEYS";

const SOURCE = `environment variable "${KEYS_VARIABLE}"`;
const HASH_PREFIX = "sha256:";

/** Reads the variable's value. @throws {ToolscriptError} `invalid-argument` */
export function parseEnvironmentKeys(value: string): KeyRecord[] {
  const text = value.trim();
  if (text.startsWith("{")) return parseKeyRecords(text, SOURCE);
  const keys = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map(toRecord);
  return parseKeyRecords(JSON.stringify({ keys }), SOURCE);
}

function toRecord(entry: string, index: number): Pick<KeyRecord, "name" | "sha256"> {
  const at = entry.indexOf("=");
  if (at <= 0) throw invalid(`entry ${index + 1} is not of the form NAME=KEY or NAME=sha256:HASH`);
  const name = entry.slice(0, at);
  const key = entry.slice(at + 1);
  if (key.startsWith(HASH_PREFIX)) return { name, sha256: key.slice(HASH_PREFIX.length) };
  if (key.length < MIN_KEY_CHARACTERS) {
    throw invalid(
      `the key of entry ${index + 1} has ${key.length} characters; want at least ${MIN_KEY_CHARACTERS}`,
    );
  }
  return { name, sha256: hashApiKey(key) };
}

function invalid(reason: string): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Reading the ${SOURCE} failed: ${reason}`);
}
