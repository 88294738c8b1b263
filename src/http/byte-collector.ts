/**
 * Puts a body together from pieces of any size, in one buffer that grows: pieces that were kept as they came would hold
 * hundreds of bytes each beside their own, and all of them twice when they are joined at the end.
 */

const FIRST_BYTES = 64 * 1024;

/** Collects pieces. */
export class ByteCollector {
  readonly #maxBytes: number;
  /** The first piece, as long as there is no other: most bodies come in one. */
  #only: Uint8Array | undefined;
  #buffer = Buffer.alloc(0);
  #length = 0;

  /** @param maxBytes - length of the body when it is known, or the most that it can have */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds a piece; whoever does has looked that there is room for it. */
  add(piece: Uint8Array): void {
    if (this.#length === 0) this.#only = piece;
    else this.#write(piece);
    this.#length += piece.length;
  }

  /** All of it. */
  finish(): Buffer<ArrayBuffer> {
    const { buffer, byteOffset } = this.#only ?? this.#buffer;
    return Buffer.from(buffer as ArrayBuffer, byteOffset, this.#length);
  }

  #write(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#buffer.set(piece, this.#length);
  }

  #grow(needed: number): void {
    const wanted = Math.max(FIRST_BYTES, 2 * this.#length);
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(wanted, this.#maxBytes)));
    grown.set(this.#only ?? this.#buffer.subarray(0, this.#length));
    this.#only = undefined;
    this.#buffer = grown;
  }
}
