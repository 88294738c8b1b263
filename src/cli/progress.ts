/**
 * What a running job shows beside its result, on standard error: one line that is rewritten in place on a terminal, and
 * plain lines in a pipe.
 *
 * Everything else that is written while it runs goes through `write`, so that it never lands in the middle of that line
 * and is never erased with it.
 */
import { type OutputStream, type Printable, print, toPlainText, toVisible } from "./output.ts";

/** Least time between two rewrites of the line, in milliseconds. */
const REDRAW_MS = 80;

const ERASE_LINE = "\r\u001B[2K";
const DEFAULT_COLUMNS = 80;

/** Shows progress until it is closed. */
export interface Progress {
  /** Says what is going on now. On a terminal only: in a pipe it would be a flood. */
  status(text: string): void;
  /** Says something that stays. */
  note(text: string): void;
  /** Writes to a stream of ours without hurting the line. */
  write(stream: OutputStream, ...parts: readonly Printable[]): void;
  /** Removes the line. Safe to call twice. */
  close(): void;
}

/** Where progress is shown. */
export interface ProgressStream extends OutputStream {
  readonly columns?: number;
}

/** Options of {@link createProgress}. */
export interface ProgressOptions {
  /** Shows nothing at all. @default false */
  readonly quiet?: boolean;
  /** @default process.stderr */
  readonly stream?: ProgressStream;
}

/** Starts showing progress. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { quiet = false, stream = process.stderr } = options;
  if (stream.isTTY === true && !quiet) return new TerminalProgress(stream);
  return {
    status: () => {},
    note: quiet ? () => {} : (text) => print(stream, `${text}\n`),
    write: print,
    close: () => {},
  };
}

class TerminalProgress implements Progress {
  readonly #stream: ProgressStream;
  #text = "";
  #drawnAt = Number.NEGATIVE_INFINITY;
  #visible = false;
  /** Other output left the cursor in the middle of a line: drawing would erase that output. */
  #midLine = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  status(text: string): void {
    this.#text = text;
    const delayMs = Math.max(0, REDRAW_MS - (performance.now() - this.#drawnAt));
    this.#timer ??= setTimeout(() => this.#draw(), delayMs).unref();
  }

  note(text: string): void {
    this.write(this.#stream, `${this.#midLine ? "\n" : ""}${text}\n`);
  }

  write(target: OutputStream, ...parts: readonly Printable[]): void {
    this.close();
    print(target, ...parts);
    const text = toPlainText(parts);
    if (text !== "") this.#midLine = !text.endsWith("\n");
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#visible) this.#stream.write(ERASE_LINE);
    this.#visible = false;
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.#midLine) return;
    const { columns = 0 } = this.#stream; // some terminals say 0 for "not known"
    const width = (columns > 1 ? columns : DEFAULT_COLUMNS) - 1;
    this.#stream.write(ERASE_LINE);
    print(this.#stream, { style: "dim", text: toVisible(this.#text).slice(0, width) });
    this.#drawnAt = performance.now();
    this.#visible = true;
  }
}
