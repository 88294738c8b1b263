/**
 * Lines out of a pipe, whatever the sizes of its reads. At most one unfinished line is held, up to a bound.
 */

const NEWLINE = 0x0a;

/** Cuts reads into lines. */
export class LineBuffer {
  readonly #maxBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that a read completes; undefined once one is longer than the bound. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      if (!this.#hold(chunk.subarray(from, to))) return undefined;
      lines.push(this.#buffer.toString("utf8", 0, this.#length));
      this.#length = 0;
      from = to + 1;
    }
    return this.#hold(chunk.subarray(from)) ? lines : undefined;
  }

  #hold(part: Buffer): boolean {
    const length = this.#length + part.length;
    if (length > this.#maxBytes) return false;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    part.copy(this.#buffer, this.#length);
    this.#length = length;
    return true;
  }
}
