/**
 * Batches from a producer that cannot wait to a consumer that iterates. The producer is told when to hold back.
 */

/** Batches, and bytes of them, that wait before the producer is asked to pause. */
const HIGH_WATER_BATCHES = 64;
const HIGH_WATER_BYTES = 1024 * 1024;

/** A queue with one consumer. */
export interface BatchQueue<T> {
  /** Adds a batch that was made of `bytes`. */
  push(batch: readonly T[], bytes: number): void;
  /** No more batches; the iteration ends after what is queued. */
  end(): void;
  /** The iteration throws `error` after what is queued. The first of `end` and `fail` counts. */
  fail(error: Error): void;
  readonly batches: AsyncIterable<readonly T[]>;
}

/**
 * Creates a queue. `onPressure(true)` asks the producer to pause, `onPressure(false)` to go on.
 *
 * The iterator is written by hand: an async generator takes three turns of the microtask queue for each batch, which a
 * script that makes one call after another waits for.
 */
export function createBatchQueue<T>(onPressure: (pause: boolean) => void): BatchQueue<T> {
  const queued: (readonly T[])[] = [];
  let queuedBytes = 0;
  let finish: { error: Error | undefined } | undefined;
  let waiting: PromiseWithResolvers<IteratorResult<readonly T[], undefined>> | undefined;
  let paused = false;

  function pressure(pause: boolean): void {
    if (paused === pause) return;
    paused = pause;
    onPressure(pause);
  }

  function end(error: Error | undefined): void {
    finish ??= { error };
    if (finish.error === undefined) waiting?.resolve(END);
    else waiting?.reject(finish.error);
    waiting = undefined;
  }

  function next(): Promise<IteratorResult<readonly T[], undefined>> {
    const batch = queued.shift();
    if (batch !== undefined) {
      if (queued.length === 0) {
        queuedBytes = 0;
        pressure(false);
      }
      return Promise.resolve({ done: false, value: batch });
    }
    if (finish?.error !== undefined) return Promise.reject(finish.error);
    if (finish !== undefined) return Promise.resolve(END);
    waiting = Promise.withResolvers();
    return waiting.promise;
  }

  return {
    push(batch, bytes) {
      if (finish !== undefined || batch.length === 0) return;
      if (waiting !== undefined) {
        waiting.resolve({ done: false, value: batch });
        waiting = undefined;
        return;
      }
      queued.push(batch);
      queuedBytes += bytes;
      if (queued.length >= HIGH_WATER_BATCHES || queuedBytes >= HIGH_WATER_BYTES) pressure(true);
    },
    end: () => end(undefined),
    fail: (error) => end(error),
    batches: { [Symbol.asyncIterator]: () => ({ next }) },
  };
}

const END = { done: true, value: undefined } as const;
