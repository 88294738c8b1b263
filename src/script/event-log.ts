/**
 * The events of one run for one reader. Nothing is kept for a run that nobody reads.
 */
import type { ScriptEvent } from "./script-run.ts";

/** Where a run writes its events. */
export interface EventLog extends AsyncIterable<ScriptEvent> {
  /** Writes what `make` makes, which holds about `bytes`; without a reader nothing is made. */
  write(make: () => ScriptEvent, bytes?: number): void;
  /** Whether a reader is too far behind. */
  readonly isFull: boolean;
  /** Resolves when the reader has gone on. */
  read(): Promise<void>;
  /** Ends the iteration, with an error if given. */
  end(error?: Error): void;
}

/** Bytes and number of events that wait for a slow reader before the script has to wait for it, too. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
const MAX_UNREAD_EVENTS = 50_000;

/**
 * Creates a log. Events are kept from the moment when a reader starts to iterate; a reader that starts in the same turn
 * of the event loop as the run misses nothing.
 */
export function createEventLog(): EventLog {
  let events: ScriptEvent[] | undefined;
  let finish: { error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;
  let unreadBytes = 0;
  let wasRead = Promise.withResolvers<void>();

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  function noteRead(): void {
    unreadBytes = 0;
    wasRead.resolve();
    wasRead = Promise.withResolvers<void>();
  }

  /** A reader that stops early leaves nothing behind. */
  async function* read(queued: ScriptEvent[]): AsyncGenerator<ScriptEvent> {
    try {
      yield* readAll(queued);
    } finally {
      events = undefined;
      noteRead();
    }
  }

  async function* readAll(queued: ScriptEvent[]): AsyncGenerator<ScriptEvent> {
    for (;;) {
      yield* queued.splice(0);
      noteRead();
      if (queued.length > 0) continue;
      if (finish !== undefined) {
        if (finish.error !== undefined) throw finish.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    write(make, bytes = 0) {
      if (events === undefined) return;
      events.push(make());
      unreadBytes += bytes;
      notify();
    },
    get isFull() {
      return unreadBytes > MAX_UNREAD_BYTES || (events?.length ?? 0) > MAX_UNREAD_EVENTS;
    },
    read: () => wasRead.promise,
    end(error) {
      finish ??= { error };
      notify();
    },
    [Symbol.asyncIterator]() {
      events ??= [];
      return read(events);
    },
  };
}
