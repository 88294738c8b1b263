/**
 * The events of one run for one reader. Nothing is kept for a run that nobody reads.
 */
import type { ScriptEvent } from "./script-run.ts";

/** Bytes and number of events that wait for a slow reader before the script has to wait for it, too. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
const MAX_UNREAD_EVENTS = 50_000;

/**
 * Where a run writes its events. They are kept from the moment when a reader starts to iterate; a reader that starts in
 * the same turn of the event loop as the run misses nothing.
 */
export class EventLog implements AsyncIterable<ScriptEvent> {
  #events: ScriptEvent[] | undefined;
  #unreadBytes = 0;
  #finish: { error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;
  #wasRead: PromiseWithResolvers<void> | undefined;

  [Symbol.asyncIterator](): AsyncIterator<ScriptEvent> {
    this.#events ??= [];
    return this.#read(this.#events);
  }

  /** Writes what `make` makes, which holds about `bytes`; without a reader nothing is made. */
  write(make: () => ScriptEvent, bytes = 0): void {
    if (this.#events === undefined) return;
    this.#events.push(make());
    this.#unreadBytes += bytes;
    this.#notify();
  }

  /** Ends the iteration, with an error if given. */
  end(error?: Error): void {
    this.#finish ??= { error };
    this.#notify();
  }

  /** Whether a reader is too far behind. */
  get isFull(): boolean {
    return this.#unreadBytes > MAX_UNREAD_BYTES || (this.#events?.length ?? 0) > MAX_UNREAD_EVENTS;
  }

  /** Resolves when the reader has gone on. */
  read(): Promise<void> {
    this.#wasRead ??= Promise.withResolvers<void>();
    return this.#wasRead.promise;
  }

  /** A reader that stops early leaves nothing behind. */
  async *#read(events: ScriptEvent[]): AsyncGenerator<ScriptEvent> {
    try {
      for (;;) {
        yield* events.splice(0);
        this.#noteRead();
        if (events.length > 0) continue;
        if (this.#finish?.error !== undefined) throw this.#finish.error;
        if (this.#finish !== undefined) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#events = undefined;
      this.#noteRead();
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #noteRead(): void {
    this.#unreadBytes = 0;
    this.#wasRead?.resolve();
    this.#wasRead = undefined;
  }
}
