/**
 * The log as it leaves the proxy: no key, whoever put it where, and no long text of a client, a script or a model.
 */
import { redactKeys, type IsKey } from "./errors/redact.ts";
import { MAX_SHOWN_BYTES, toShownText } from "./errors/shown-text.ts";
import type { LogEntry } from "./proxy-options.ts";

/** Writes one entry. */
export type WriteEntry = (entry: LogEntry) => void;

/** Wraps a log. */
export function createSafeLog(write: WriteEntry, isKey?: IsKey): WriteEntry {
  return (entry) => {
    const safe: Record<string, unknown> = { ...entry };
    for (const name in safe) {
      const value = safe[name];
      const isLong = typeof value === "string" && value.length >= SHORTEST_KEY;
      if (isLong && name !== MADE_HERE) safe[name] = toSafe(name, value, isKey);
    }
    write(safe as unknown as LogEntry);
  };
}

function toSafe(name: string, value: string, isKey: IsKey | undefined): string {
  if (name === "reason") return toSafeReason(value, isKey);
  return toSafeText(value, isKey);
}

/** Nothing shorter can be a key, or has to be cut. */
const SHORTEST_KEY = 16;
/** The one long text that every entry has: an id that the proxy makes itself. */
const MADE_HERE = "requestId";

/** A message, and below it the places in our own code that it came through. */
function toSafeReason(reason: string, isKey: IsKey | undefined): string {
  const at = reason.indexOf("\n    at ");
  if (at === -1) return toSafeText(reason, isKey);
  return toSafeText(reason.slice(0, at), isKey) + toShownText(reason.slice(at), 4 * MAX_SHOWN_BYTES);
}

/** What is beyond the bound is not even looked at. */
function toSafeText(text: string, isKey: IsKey | undefined): string {
  const beginning = text.slice(0, 4 * MAX_SHOWN_BYTES);
  const redacted = redactKeys(beginning, isKey);
  return redacted === beginning ? toShownText(text) : toShownText(redacted);
}
