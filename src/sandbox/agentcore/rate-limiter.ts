/**
 * Holds invocations back so that an account's rate is kept: a bucket that fills steadily and holds half a second's worth.
 * (Requests overtake each other on their way: a burst of a whole second's worth would be too many for the service at times.)
 *
 * Guarantee: callers go in the order they came; one that gives up costs nothing.
 */
import { setTimeout as delay } from "node:timers/promises";

/** A limiter that callers share. */
export interface RateLimiter {
  /** Waits for a place and returns the milliseconds it took. Rejects when `signal` is aborted. */
  acquire(signal: AbortSignal): Promise<number>;
}

const limiters = new Map<string, RateLimiter>();

/** The limiter of an account as far as we know it: one for each endpoint or region, and rate, in this process. */
export function sharedRateLimiter(account: string, perSecond: number): RateLimiter {
  const key = `${account} ${perSecond}`;
  const limiter = limiters.get(key) ?? createRateLimiter(perSecond);
  limiters.set(key, limiter);
  return limiter;
}

/** Makes a limiter of `perSecond` requests; 0 means no limit. */
export function createRateLimiter(
  perSecond: number,
  now: () => number = () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown> = (ms, signal) =>
    delay(ms, undefined, { signal }),
): RateLimiter {
  const capacity = Math.max(1, perSecond / 2);
  let tokens = capacity;
  let filledAt = now();
  let line: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  function fill(): void {
    const time = now();
    tokens = Math.min(capacity, tokens + ((time - filledAt) / 1000) * perSecond);
    filledAt = time;
  }

  async function wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      fill();
      if (tokens >= 1) break;
      await sleep(Math.ceil(((1 - tokens) / perSecond) * 1000), signal);
    }
    tokens -= 1;
  }

  return {
    async acquire(signal) {
      if (perSecond === 0) return 0;
      const startedAt = now();
      fill();
      if (waiting === 0 && tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      waiting += 1;
      const turn = line.then(() => wait(signal));
      line = turn.catch(() => {}); // the next in line goes on
      try {
        await turn;
      } finally {
        waiting -= 1;
      }
      return now() - startedAt;
    },
  };
}
