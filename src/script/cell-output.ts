/**
 * What a cell printed, held within its budget. The runner keeps the same budget; this is the host's own guard.
 */
import { lastBoundary } from "./utf8.ts";

/** Output of one cell. */
export interface CellOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes that were dropped here, beyond what the runner dropped itself. */
  readonly droppedBytes: number;
  /** Adds text and returns what of it was kept; undefined when a runner ignores the budget altogether. */
  add(stream: "stdout" | "stderr", text: string): string | undefined;
}

/** Bytes beyond the budget which a faithful runner may send (a notice, a last line), before it counts as unfaithful. */
const TOLERATED_BYTES = 64 * 1024;

/** Creates an empty output with room for `maxBytes`. */
export function createCellOutput(maxBytes: number): CellOutput {
  const texts = { stdout: "", stderr: "" };
  let keptBytes = 0;
  let droppedBytes = 0;
  return {
    get stdout() {
      return texts.stdout;
    },
    get stderr() {
      return texts.stderr;
    },
    get droppedBytes() {
      return droppedBytes;
    },
    add(stream, text) {
      const bytes = Buffer.byteLength(text);
      const room = maxBytes - keptBytes;
      const kept = bytes <= room ? text : cut(text, room);
      const keptNow = kept === text ? bytes : Buffer.byteLength(kept);
      keptBytes += keptNow;
      droppedBytes += bytes - keptNow;
      texts[stream] += kept;
      return droppedBytes > TOLERATED_BYTES ? undefined : kept;
    },
  };
}

/** The longest start of `text` of at most `maxBytes` bytes that splits no character. */
function cut(text: string, maxBytes: number): string {
  const end = Math.max(0, maxBytes);
  const bytes = Buffer.from(text.slice(0, end + 1)); // a character takes a byte at least
  return bytes.toString("utf8", 0, lastBoundary(bytes, end));
}
