/**
 * Writes texts to a stream no faster than it takes them: at most a part or two are with the stream, the rest waits here
 * as the text that it was made of, and whoever writes is told when to go on.
 */
import type { Writable } from "node:stream";

/** Bytes with the stream, and characters here, up to which a writer need not wait. */
const WRITE_AHEAD_BYTES = 1024 * 1024;

/** A writer for one stream. */
export interface PacedWriter {
  /**
   * Writes texts, in order.
   *
   * @returns undefined when more may be written at once; else what resolves when that is so, or the stream has ended
   */
  write(texts: readonly string[]): Promise<void> | undefined;
  /** Ends the stream after what was written before it; what waits here is given up. */
  end(): void;
}

/** Creates a writer; nothing else may write to `stream`. */
export function createPacedWriter(stream: Writable): PacedWriter {
  let waiting: string[] = [];
  let waitingCharacters = 0;
  let room: PromiseWithResolvers<void> | undefined;
  let isOver = false;

  function writeOn(): void {
    let written = 0;
    while (written < waiting.length && stream.writableLength < WRITE_AHEAD_BYTES) {
      const text = waiting[written] ?? "";
      written += 1;
      waitingCharacters -= text.length;
      stream.write(text);
    }
    waiting = waiting.slice(written);
    if (waitingCharacters >= WRITE_AHEAD_BYTES) return;
    room?.resolve();
    room = undefined;
  }

  function giveUp(): void {
    isOver = true;
    waiting = [];
    waitingCharacters = 0;
    room?.resolve();
    room = undefined;
  }

  stream.on("drain", writeOn);
  stream.once("close", giveUp);
  stream.once("error", giveUp);

  return {
    write(texts) {
      if (isOver) return undefined;
      if (waiting.length === 0 && stream.writableLength < WRITE_AHEAD_BYTES && texts.length === 1) {
        stream.write(texts[0] ?? "");
      } else {
        for (const text of texts) {
          waiting.push(text);
          waitingCharacters += text.length;
        }
        writeOn();
      }
      if (waitingCharacters < WRITE_AHEAD_BYTES && stream.writableLength < WRITE_AHEAD_BYTES)
        return undefined;
      room ??= Promise.withResolvers();
      return room.promise;
    },
    end() {
      giveUp();
      stream.end();
    },
  };
}
