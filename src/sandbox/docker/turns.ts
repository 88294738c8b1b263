/**
 * Lets a few pieces of work run at a time, the others in order, but holds none back for long.
 */

/** Runs work when it is its turn. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Creates turns for work of which `maxConcurrent` pieces run at a time. One that has waited for `patienceMs` runs in any
 * case: what is stuck must not hold up the rest.
 */
export function createTurns(maxConcurrent: number, patienceMs: number): TakeTurn {
  const waiting = new Set<() => void>(); // a set keeps the order
  let running = 0;

  function waitForTurn(): Promise<void> {
    return new Promise((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        waiting.delete(begin);
        resolve();
      };
      const timer = setTimeout(begin, patienceMs);
      waiting.add(begin);
    });
  }

  return async (work) => {
    if (running >= maxConcurrent) await waitForTurn();
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      const [next] = waiting;
      if (running < maxConcurrent) next?.();
    }
  };
}
