/**
 * Puts a body together from pieces of any size: small ones are copied into larger blocks, for each piece that is kept as
 * it came would hold hundreds of bytes beside its own.
 */

/** Bytes of a block, and of a piece that is kept as it came. */
const BLOCK_BYTES = 64 * 1024;

/** Collects pieces. */
export class ByteCollector {
  readonly #pieces: Uint8Array[] = [];
  /** The first piece, as long as there is no other: most bodies come in one. */
  #only: Uint8Array | undefined;
  #block = Buffer.alloc(0);
  #used = 0;
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    if (this.#length === 0) this.#only = piece;
    else {
      if (this.#only !== undefined) this.#keep(this.#only);
      this.#only = undefined;
      this.#keep(piece);
    }
    this.#length += piece.length;
  }

  /** All of it. */
  finish(): Buffer<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#only ?? this.#join();
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  #join(): Uint8Array {
    this.#closeBlock();
    return Buffer.concat(this.#pieces.splice(0));
  }

  #keep(piece: Uint8Array): void {
    if (piece.length >= BLOCK_BYTES / 2) {
      this.#closeBlock();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#block.length) this.#openBlock();
    this.#block.set(piece, this.#used);
    this.#used += piece.length;
  }

  #openBlock(): void {
    this.#closeBlock();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  #closeBlock(): void {
    if (this.#used > 0) this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}
