/**
 * Texts that others made, as far as they go out in an error or into a log: no more than 1 KiB of them.
 */
import { lastBoundary } from "../../script/utf8.ts";

/** Longest message of an error, and longest text in a line of the log, in bytes of UTF-8. */
export const MAX_SHOWN_BYTES = 1024;

/** Longest name or id inside a sentence of ours, in bytes: what follows it still fits. */
const MAX_QUOTED_BYTES = 256;

/** A name or an id of a client, a script or a model, for a sentence of ours. */
export function quoted(text: string): string {
  return toShownText(text, MAX_QUOTED_BYTES);
}

/** The text, or its beginning and how long it was. */
export function toShownText(text: string, maxBytes = MAX_SHOWN_BYTES): string {
  if (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes) return text;
  const note = `… (${text.length} characters)`;
  const bytes = Buffer.from(text.slice(0, maxBytes));
  // A copy: a slice of a string keeps the whole of it.
  return bytes.toString("utf8", 0, lastBoundary(bytes, maxBytes - Buffer.byteLength(note))) + note;
}

/** Names or ids, the first few of them. */
export function quotedList(texts: readonly string[]): string {
  const shown = texts.slice(0, 3).map(quoted).join(", ");
  return texts.length <= 3 ? shown : `${shown} and ${texts.length - 3} more`;
}
