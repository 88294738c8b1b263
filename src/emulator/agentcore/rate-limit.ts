/**
 * Requests a second, as an account has them: a bucket that fills steadily and holds one second's worth.
 */

/** A rate limit. */
export interface RateLimit {
  /** Takes one request; false when the limit is reached. */
  take(): boolean;
}

/** A limit of `perSecond` requests; 0 means none. */
export function createRateLimit(perSecond: number, now: () => number = () => performance.now()): RateLimit {
  let tokens = perSecond;
  let filledAt = now();
  return {
    take() {
      if (perSecond === 0) return true;
      const time = now();
      tokens = Math.min(perSecond, tokens + ((time - filledAt) / 1000) * perSecond);
      filledAt = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
