/**
 * A token bucket: so many at once, refilled evenly over a minute.
 */

const MINUTE_MS = 60_000;

/** Counts against a rate. */
export class TokenBucket {
  #perMinute: number;
  #tokens: number;
  #filledAt: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
    this.#filledAt = nowMs;
  }

  /** Takes one token: 0, or the milliseconds until there will be one. */
  take(nowMs: number): number {
    this.#fill(nowMs);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) * MINUTE_MS) / this.#perMinute);
  }

  /** Changes the rate; what was taken stays taken. */
  setRate(perMinute: number, nowMs: number): void {
    if (perMinute === this.#perMinute) return;
    this.#fill(nowMs);
    this.#tokens = Math.min(perMinute, this.#tokens + Math.max(0, perMinute - this.#perMinute));
    this.#perMinute = perMinute;
  }

  #fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#filledAt);
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (passedMs * this.#perMinute) / MINUTE_MS);
    this.#filledAt = nowMs;
  }
}
