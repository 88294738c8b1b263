/**
 * Batches from a producer that cannot wait to a consumer that iterates. The producer is told when to hold back.
 */

/** Batches that wait before the producer is asked to pause. */
const HIGH_WATER_BATCHES = 64;

/** A queue with one consumer. */
export interface BatchQueue<T> {
  push(batch: readonly T[]): void;
  /** No more batches; the iteration ends after what is queued. */
  end(): void;
  /** The iteration throws `error` after what is queued. The first of `end` and `fail` counts. */
  fail(error: Error): void;
  readonly batches: AsyncIterable<readonly T[]>;
}

/** Creates a queue. `onPressure(true)` asks the producer to pause, `onPressure(false)` to go on. */
export function createBatchQueue<T>(onPressure: (pause: boolean) => void): BatchQueue<T> {
  const queued: (readonly T[])[] = [];
  let finish: { error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;
  let paused = false;

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  function pressure(pause: boolean): void {
    if (paused === pause) return;
    paused = pause;
    onPressure(pause);
  }

  async function* iterate(): AsyncGenerator<readonly T[]> {
    for (;;) {
      const batch = queued.shift();
      if (batch !== undefined) {
        if (queued.length === 0) pressure(false);
        yield batch;
      } else if (finish !== undefined) {
        if (finish.error !== undefined) throw finish.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    push(batch) {
      if (finish !== undefined || batch.length === 0) return;
      queued.push(batch);
      if (queued.length >= HIGH_WATER_BATCHES) pressure(true);
      notify();
    },
    end() {
      finish ??= { error: undefined };
      notify();
    },
    fail(error) {
      finish ??= { error };
      notify();
    },
    batches: { [Symbol.asyncIterator]: iterate },
  };
}
