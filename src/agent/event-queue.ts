/**
 * A queue between a loop that reports and a reader that iterates: nothing is lost, the reader sets the pace.
 */

/** Written by one side, iterated once by the other. */
export interface EventQueue<Event> {
  write(event: Event): void;
  /** Ends the iteration after the events that were written, with an error if one is given. */
  end(error?: Error): void;
  read(): AsyncGenerator<Event, void, undefined>;
}

/** Creates an empty queue. */
export function createEventQueue<Event>(): EventQueue<Event> {
  const events: Event[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake = (): void => {};

  async function* read(): AsyncGenerator<Event, void, undefined> {
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      yield* events.splice(0);
      if (events.length > 0) continue;
      if (ended !== undefined) {
        if (ended.error !== undefined) throw ended.error;
        return;
      }
      await changed;
    }
  }

  return {
    write(event) {
      events.push(event);
      wake();
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    read,
  };
}
