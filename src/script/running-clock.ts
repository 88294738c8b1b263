/**
 * Measures the time in which a script itself runs, and says when its budget is used up. Waiting for tools and timers
 * does not count. Costs two clock readings a wave: one lazy timer checks the budget.
 */

/** A clock that runs from its creation. */
export interface RunningClock {
  /** The script waits; with `wakeInMs` it goes on by itself after that time. */
  pause(wakeInMs: number | null): void;
  /** Something for the script to do has been sent. */
  resume(): void;
  /** Ends the measurement. */
  stop(): void;
  /** Milliseconds of running so far. */
  readonly usedMs: number;
}

/** Starts a clock which calls `onOverrun` once when `budgetMs` of running time is used up. */
export function startRunningClock(budgetMs: number, onOverrun: () => void): RunningClock {
  let usedMs = 0;
  let runningSince: number | undefined = performance.now();
  let wakeTimer: NodeJS.Timeout | undefined;
  let budgetTimer: NodeJS.Timeout | undefined = setTimeout(check, budgetMs);

  function total(): number {
    return runningSince === undefined ? usedMs : usedMs + performance.now() - runningSince;
  }

  function check(): void {
    const leftMs = budgetMs - total();
    if (leftMs <= 0) {
      budgetTimer = undefined;
      onOverrun();
    } else budgetTimer = setTimeout(check, Math.ceil(leftMs));
  }

  function resume(): void {
    clearTimeout(wakeTimer);
    runningSince ??= performance.now();
  }

  return {
    pause(wakeInMs) {
      usedMs = total();
      runningSince = undefined;
      clearTimeout(wakeTimer);
      if (wakeInMs !== null) wakeTimer = setTimeout(resume, wakeInMs);
    },
    resume,
    stop() {
      usedMs = total();
      runningSince = undefined;
      clearTimeout(wakeTimer);
      clearTimeout(budgetTimer);
    },
    get usedMs() {
      return total();
    },
  };
}
