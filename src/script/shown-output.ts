/**
 * What a model reads of a text that is longer than it should read: the beginning and the end, with what is left out
 * counted between them. What a script prints last is its answer, and a traceback ends with its reason.
 */
import { lastBoundary, nextBoundary } from "./utf8.ts";

/** Bytes of one script's result that a model reads, tags and notices included: some 20,000 tokens. */
export const DEFAULT_MAX_SHOWN_BYTES = 64 * 1024;

/** Room for the mark between beginning and end. */
const MARK_BYTES = 80;

/** A text as it is shown. */
export interface ShownText {
  readonly text: string;
  /** Bytes that are not shown. */
  readonly leftOutBytes: number;
}

/** The longest beginning and end of `text` that fit into `maxBytes` together, of whole characters. */
export function toHeadAndTail(text: string, maxBytes: number): ShownText {
  if (text.length * MAX_BYTES_A_UNIT <= maxBytes) return { text, leftOutBytes: 0 };
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { text, leftOutBytes: 0 };
  const half = Math.max(0, Math.floor((maxBytes - MARK_BYTES) / 2));
  const headEnd = lastBoundary(bytes, half);
  const tailStart = nextBoundary(bytes, bytes.length - half);
  const leftOutBytes = tailStart - headEnd;
  const mark = `\n[... ${leftOutBytes} bytes not shown ...]\n`;
  return {
    text: `${bytes.toString("utf8", 0, headEnd)}${mark}${bytes.toString("utf8", tailStart)}`,
    leftOutBytes,
  };
}

/** Bytes that one UTF-16 unit takes in UTF-8, at most. */
const MAX_BYTES_A_UNIT = 3;

/** Shares of `maxBytes` for both streams: what one does not need is the other's, and errors have a quarter at least. */
export function shareBytes(
  stdout: string,
  stderr: string,
  maxBytes: number,
): { readonly stdout: number; readonly stderr: number } {
  const errorBytes = Buffer.byteLength(stderr);
  const least = Math.floor(maxBytes / 4);
  const forErrors = Math.min(errorBytes, Math.max(least, maxBytes - Buffer.byteLength(stdout)));
  return { stdout: maxBytes - forErrors, stderr: forErrors };
}
