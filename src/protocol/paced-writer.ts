/**
 * Writes texts to a stream no faster than it takes them: at most a part or two are with the stream, the rest waits here
 * as the text that it was made of, and whoever writes is told when to go on.
 */
import type { Writable } from "node:stream";

/** Bytes with the stream, and characters here, up to which a writer need not wait. */
const WRITE_AHEAD_BYTES = 1024 * 1024;

/** A writer for one stream, to which nothing else writes. */
export class PacedWriter {
  readonly #stream: Writable;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #isOver = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("drain", () => this.#writeOn());
    stream.once("close", () => this.#giveUp());
    stream.once("error", () => this.#giveUp());
  }

  /**
   * Writes texts, in order.
   *
   * @returns undefined when more may be written at once; else what resolves when that is so, or the stream has ended
   */
  write(texts: readonly string[]): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    if (texts.length === 1 && this.#waiting.length === 0 && this.#stream.writableLength === 0) {
      this.#stream.write(texts[0]);
    } else this.#writeInTurn(texts);
    if (this.#hasRoom) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Ends the stream after what it has; what waits here is given up. */
  end(): void {
    this.#giveUp();
    this.#stream.end();
  }

  get #hasRoom(): boolean {
    return this.#waitingCharacters < WRITE_AHEAD_BYTES && this.#stream.writableLength < WRITE_AHEAD_BYTES;
  }

  #writeInTurn(texts: readonly string[]): void {
    for (const text of texts) {
      this.#waiting.push(text);
      this.#waitingCharacters += text.length;
    }
    this.#writeOn();
  }

  #writeOn(): void {
    let written = 0;
    while (written < this.#waiting.length && this.#stream.writableLength < WRITE_AHEAD_BYTES) {
      const text = this.#waiting[written] ?? "";
      written += 1;
      this.#waitingCharacters -= text.length;
      this.#stream.write(text);
    }
    this.#waiting = written === this.#waiting.length ? [] : this.#waiting.slice(written);
    if (this.#hasRoom) this.#letGoOn();
  }

  #letGoOn(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#letGoOn();
  }
}
