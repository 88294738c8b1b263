/**
 * Cuts a byte stream into lines, whatever the sizes of its reads, and tells frames from program output by their first
 * bytes: nothing is made of a line without the marker.
 *
 * Guarantees: at most one unfinished line is held, in one buffer whatever the sizes of the reads; output without the
 * marker is kept up to a bound and ends the stream beyond it.
 */
import { ToolscriptError } from "../errors.ts";

/** Bytes without the marker that a stream may carry: what an interpreter says before it starts, or as it ends. */
export const MAX_NOISE_BYTES = 64 * 1024;

/** Of those, the last ones explain an early end. */
const SHOWN_NOISE_BYTES = 4_096;

/** A buffer for unfinished lines that has grown beyond this is not kept for the next one. */
const KEPT_BUFFER_BYTES = 256 * 1024;

const NEWLINE = 0x0a;

/** Pull-based: `push` a read, then `next` until it is false. */
export class MarkedLines {
  readonly #marker: Buffer;
  readonly #maxLineBytes: number;
  readonly #held: GrowingBuffer;
  readonly #noise = new GrowingBuffer(2 * MAX_NOISE_BYTES);
  #read: Buffer = EMPTY;
  #at = 0;
  /** Whole lines of the read that begin at `#at`, and whether it is worth looking for more of them. */
  readonly #whole: WholeLines;
  #areWhole = true;
  /** The start of the line that goes on has been seen to have no marker. */
  #isNoise = false;
  #line: Buffer = EMPTY;
  #from = 0;
  #to = 0;

  /** Lines of more than `maxLineBytes` after their `marker` are refused. */
  constructor(marker: string, maxLineBytes: number) {
    this.#marker = Buffer.from(marker);
    this.#maxLineBytes = maxLineBytes;
    this.#held = new GrowingBuffer(this.#marker.length + maxLineBytes);
    this.#whole = new WholeLines(marker, Math.min(MAX_TEXT_BYTES, maxLineBytes));
  }

  /** Takes one read; the one before it must be used up. */
  push(read: Buffer): void {
    this.#read = read;
    this.#at = 0;
    this.#areWhole = true;
  }

  /**
   * Looks for the next complete line with the marker; false when the read is used up.
   *
   * @throws {ToolscriptError} `frame-too-large` as soon as a line is too long, `protocol-violation` when there is too much
   *   output without the marker
   */
  next(): boolean {
    if (this.#whole.next()) return true;
    this.#at += this.#whole.close();
    this.#release();
    while (this.#at < this.#read.length) {
      if (this.#takeWhole()) return true;
      const end = this.#read.indexOf(NEWLINE, this.#at);
      if (end === -1) {
        this.#hold(this.#read.length);
        return false;
      }
      if (this.#take(end)) return true;
    }
    return false;
  }

  /** Bytes of the line, without its marker and its newline. */
  get lineBytes(): number {
    return this.#whole.line?.length ?? this.#to - this.#from;
  }

  /** The line as text. */
  text(): string {
    return this.#whole.line ?? this.#line.toString("utf8", this.#from, this.#to);
  }

  /** The line as bytes, valid until the next `next`. */
  bytes(): Buffer {
    return this.#line.subarray(this.#from, this.#to);
  }

  /** The last of what came without the marker, an unfinished line included. */
  noise(): string {
    const held = this.#held.length < this.#marker.length ? this.#held.bytes() : EMPTY;
    const all = Buffer.concat([this.#noise.bytes(), held]);
    return all.toString("utf8", Math.max(0, all.length - SHOWN_NOISE_BYTES));
  }

  /** Takes the first of the whole lines that begin here; after a line without the marker no more are looked for. */
  #takeWhole(): boolean {
    if (!this.#areWhole || this.#isNoise || this.#held.length > 0) return false;
    if (!this.#whole.open(this.#read, this.#at)) return false;
    this.#areWhole = this.#whole.next();
    if (!this.#areWhole) this.#whole.close();
    return this.#areWhole;
  }

  /** A complete line ends at `end`; whether it is a frame. */
  #take(end: number): boolean {
    const from = this.#at;
    if (this.#held.length > 0 || this.#isNoise) {
      this.#hold(end);
      if (this.#isNoise || this.#held.length < this.#marker.length) {
        this.#endNoise();
        return false;
      }
      this.#show(this.#held.bytes(), 0, this.#held.length);
    } else if (this.#isMarked(from, end)) this.#show(this.#read, from, end);
    else {
      this.#addNoise(from, end + 1);
      this.#at = end + 1;
      return false;
    }
    this.#at = end + 1;
    return true;
  }

  #show(line: Buffer, from: number, to: number): void {
    this.#line = line;
    this.#from = from + this.#marker.length;
    this.#to = to;
    if (this.lineBytes > this.#maxLineBytes) throw tooLong(this.#maxLineBytes);
  }

  #isMarked(from: number, to: number): boolean {
    const { length } = this.#marker;
    return to - from >= length && this.#read.compare(this.#marker, 0, length, from, from + length) === 0;
  }

  /** Keeps what there is of a line up to `to`, as a frame or as noise. */
  #hold(to: number): void {
    const from = this.#at;
    this.#at = to;
    if (this.#isNoise) {
      this.#addNoise(from, to);
      return;
    }
    const known = this.#held.length;
    if (known + to - from - this.#marker.length > this.#maxLineBytes) throw tooLong(this.#maxLineBytes);
    this.#held.add(this.#read, from, to);
    const { length } = this.#marker;
    if (known >= length || this.#held.length < length) return;
    if (this.#held.bytes().compare(this.#marker, 0, length, 0, length) !== 0) this.#turnToNoise();
  }

  #turnToNoise(): void {
    this.#isNoise = true;
    this.#noise.add(this.#held.bytes(), 0, this.#held.length);
    this.#held.clear();
    this.#checkNoise();
  }

  #endNoise(): void {
    this.#noise.add(this.#held.bytes(), 0, this.#held.length);
    this.#held.clear();
    this.#isNoise = false;
    this.#addNoise(this.#at, this.#at + 1);
    this.#at += 1;
  }

  #addNoise(from: number, to: number): void {
    this.#noise.add(this.#read, from, Math.min(to, from + MAX_NOISE_BYTES + 1));
    this.#checkNoise();
  }

  #checkNoise(): void {
    if (this.#noise.length <= MAX_NOISE_BYTES) return;
    throw new ToolscriptError(
      "protocol-violation",
      `Reading a frame of the runner failed: more than "${MAX_NOISE_BYTES}" bytes came without the marker`,
    );
  }

  /** The line that was handed out last is not needed any more. */
  #release(): void {
    if (this.#line === EMPTY) return;
    this.#line = EMPTY;
    this.#held.clear();
  }
}

const EMPTY = Buffer.alloc(0);

/** Bytes of whole lines that become one text. */
const MAX_TEXT_BYTES = 64 * 1024;

/** Small lines with the marker, as they nearly all are: cut from one text, which costs less than one after another. */
class WholeLines {
  readonly #marker: string;
  readonly #maxBytes: number;
  #read: Buffer = EMPTY;
  #from = 0;
  #end = 0;
  #text = "";
  #at = 0;
  #taken = 0;
  /** The line that was found last, without its marker. */
  line: string | undefined;

  constructor(marker: string, maxBytes: number) {
    this.#marker = marker;
    this.#maxBytes = maxBytes;
  }

  /** Opens those that end within the largest text from `from` on; false when the first one does not. */
  open(read: Buffer, from: number): boolean {
    let end = Math.min(read.length, from + this.#maxBytes);
    if (read[end - 1] !== NEWLINE) end = read.lastIndexOf(NEWLINE, end - 1) + 1;
    if (end <= from) return false;
    this.#read = read;
    this.#from = from;
    this.#end = end;
    this.#text = read.toString("utf8", from, end);
    return true;
  }

  /** Looks for the next line; false when the lines are used up or the next one has no marker. */
  next(): boolean {
    const from = this.#at;
    if (from === this.#text.length || !this.#text.startsWith(this.#marker, from)) {
      this.line = undefined;
      return false;
    }
    const end = this.#text.indexOf("\n", from);
    this.line = this.#text.slice(from + this.#marker.length, end);
    this.#at = end + 1;
    this.#taken += 1;
    return true;
  }

  /** Forgets them; the bytes of those that were found. */
  close(): number {
    if (this.#text === "") return 0;
    let end = this.#end;
    if (this.#at < this.#text.length) {
      end = this.#from;
      for (let line = 0; line < this.#taken; line += 1) end = this.#read.indexOf(NEWLINE, end) + 1;
    }
    this.#read = EMPTY;
    this.#text = "";
    this.#at = 0;
    this.#taken = 0;
    return end - this.#from;
  }
}

/** Bytes one after another in one buffer, which doubles up to `usualBytes` and beyond that grows as far as it must. */
class GrowingBuffer {
  readonly #usualBytes: number;
  #buffer: Buffer = EMPTY;
  length = 0;

  constructor(usualBytes: number) {
    this.#usualBytes = usualBytes;
  }

  add(source: Buffer, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(this.#buffer.length * 2, this.#usualBytes), 1024),
      );
      this.#buffer.copy(grown, 0, 0, this.length);
      this.#buffer = grown;
    }
    source.copy(this.#buffer, this.length, from, to);
    this.length = needed;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) this.#buffer = EMPTY;
  }
}

function tooLong(maxLineBytes: number): ToolscriptError {
  return new ToolscriptError(
    "frame-too-large",
    `Reading a frame failed: the line is longer than "${maxLineBytes}" bytes`,
    { data: { maxLineBytes } },
  );
}
