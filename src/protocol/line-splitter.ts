/**
 * Cuts a byte stream into lines, whatever the sizes of its reads, and holds at most one unfinished line in memory.
 */
import { ToolscriptError } from "../errors.ts";

const NEWLINE = 0x0a;

/** Cuts chunks into complete lines (without their newline). */
export interface LineSplitter {
  /**
   * Takes one read and returns the lines that it completes.
   *
   * @throws {ToolscriptError} `frame-too-large` as soon as an unfinished line is longer than the cap
   */
  push(chunk: Buffer): string[];
  /** What is left of an unfinished line. */
  rest(): string;
}

/** Creates a splitter that refuses lines of more than `maxLineBytes`. */
export function createLineSplitter(maxLineBytes: number): LineSplitter {
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  function hold(part: Buffer): void {
    pendingBytes += part.length;
    if (pendingBytes > maxLineBytes) throw tooLong(maxLineBytes);
    if (part.length > 0) pending.push(part);
  }

  function takeFirstLine(chunk: Buffer, end: number): string {
    if (pendingBytes === 0) {
      if (end > maxLineBytes) throw tooLong(maxLineBytes);
      return chunk.toString("utf8", 0, end);
    }
    hold(chunk.subarray(0, end));
    const line = Buffer.concat(pending, pendingBytes).toString("utf8");
    pending = [];
    pendingBytes = 0;
    return line;
  }

  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(NEWLINE, start);
        if (end === -1) break;
        if (start === 0) lines.push(takeFirstLine(chunk, end));
        else {
          if (end - start > maxLineBytes) throw tooLong(maxLineBytes);
          lines.push(chunk.toString("utf8", start, end));
        }
        start = end + 1;
      }
      if (start < chunk.length) hold(chunk.subarray(start));
      return lines;
    },
    rest: () => Buffer.concat(pending, pendingBytes).toString("utf8"),
  };
}

function tooLong(maxLineBytes: number): ToolscriptError {
  return new ToolscriptError(
    "frame-too-large",
    `Reading a frame failed: the line is longer than "${maxLineBytes}" bytes`,
    { data: { maxLineBytes } },
  );
}
