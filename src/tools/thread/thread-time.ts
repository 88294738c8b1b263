/**
 * Time of a check thread. A bound is meant in processor time; what can be stopped is a time on the clock, so on a busy
 * machine work that was stopped too early is tried again, with more of it.
 */
import { runBounded } from "../run-bounded.ts";

/** Tries, each with so many times the time on the clock. */
const MAX_TRIES = 2;
const LONGER = 4;
/** Part of a bound that counts as all of it: clocks and their readings are not exact. */
const ENOUGH = 0.8;

/** Work that used up its time. */
export class TooSlow extends Error {}

/** Processor time of this thread in milliseconds, where Node tells it; undefined elsewhere. */
export function threadMs(): number | undefined {
  if (typeof process.threadCpuUsage !== "function") return undefined;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Does a job, which may be begun anew. @throws {TooSlow} */
export function within<Value>(maxMs: number, job: () => Value): Value {
  let clockMs = Math.max(1, Math.round(maxMs));
  for (let tries = 1; ; tries += 1) {
    const startedAtMs = threadMs();
    const bounded = runBounded(job, clockMs);
    if (bounded.done) return bounded.value;
    const usedMs = startedAtMs === undefined ? maxMs : (threadMs() ?? 0) - startedAtMs;
    if (tries === MAX_TRIES || usedMs >= maxMs * ENOUGH) throw new TooSlow();
    clockMs *= LONGER;
  }
}
