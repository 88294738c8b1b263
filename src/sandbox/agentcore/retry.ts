/**
 * Tries again what may work the next time, with growing pauses. Only for work that may be repeated.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isPassing, retryAfterMs } from "./agentcore-error.ts";

/** How often, and who hears of it. */
export interface RetryOptions {
  /** The first try included. */
  readonly maxAttempts: number;
  readonly signal: AbortSignal;
  /** Told before each pause. */
  readonly onRetry: (retry: { attempt: number; delayMs: number; error: unknown }) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Does `work` until it succeeds, fails for good, or has had its tries; throws what the last one threw. */
export async function withRetries<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { maxAttempts, signal, onRetry } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= maxAttempts || signal.aborted || !isPassing(error)) throw error;
      const delayMs = pauseMs(attempt, retryAfterMs(error));
      onRetry({ attempt, delayMs, error });
      await delay(delayMs, undefined, { signal });
    }
  }
}

/** Doubles, with up to half of it taken off at random so that sessions do not come back all at once. */
function pauseMs(attempt: number, wishedMs: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return Math.max(Math.min(wishedMs, LONGEST_PAUSE_MS), longest * (1 - Math.random() / 2));
}
