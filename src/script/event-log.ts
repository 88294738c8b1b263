/**
 * The events of one run for one reader. Nothing is kept for a run that nobody reads.
 */
import type { ScriptEvent } from "./script-run.ts";

/** Where a run writes its events. */
export interface EventLog extends AsyncIterable<ScriptEvent> {
  /** Writes what `make` makes; without a reader nothing is made. */
  write(make: () => ScriptEvent): void;
  /** Ends the iteration, with an error if given. */
  end(error?: Error): void;
}

/**
 * Creates a log. Events are kept from the moment when a reader starts to iterate; a reader that starts in the same turn
 * of the event loop as the run misses nothing.
 */
export function createEventLog(): EventLog {
  let events: ScriptEvent[] | undefined;
  let finish: { error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  async function* read(queued: ScriptEvent[]): AsyncGenerator<ScriptEvent> {
    for (;;) {
      yield* queued.splice(0);
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
    write(make) {
      if (events === undefined) return;
      events.push(make());
      notify();
    },
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
