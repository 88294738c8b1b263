/**
 * Measures the time in which a script itself runs, and says when its budget is used up. Waiting for tools and timers
 * does not count, if it is true: what arrives before the host has sent anything and before a timer is due shows that the
 * script ran. What the kernel and the host's own work on its behalf say is added from outside. Costs two clock readings a
 * wave: one lazy timer checks the budget.
 */

/** Largest delay that Node's timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A clock that runs from its creation. */
export interface RunningClock {
  /** The script says that it waits; with `wakeInMs` it goes on by itself after that time. */
  pause(wakeInMs: number | null): void;
  /** Something for the script to do has been sent. */
  resume(): void;
  /** The script has sent something: if it was said to wait, it did not. */
  noteSign(): void;
  /** Time that somebody else has measured: at least so many milliseconds in all, or so many more. */
  raiseTo(ms: number): void;
  add(ms: number): void;
  /** Ends the measurement. */
  stop(): void;
  /** Milliseconds of running so far. */
  readonly usedMs: number;
}

/** Starts a clock which calls `onOverrun` once when `budgetMs` of running time is used up. */
export function startRunningClock(budgetMs: number, onOverrun: () => void): RunningClock {
  let usedMs = 0;
  let runningSince: number | undefined = performance.now();
  let pausedSince = 0;
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

  /** Time was added that the timer does not know of. */
  function checkSoon(): void {
    if (budgetTimer === undefined || budgetMs > total()) return;
    clearTimeout(budgetTimer);
    check();
  }

  function resume(): void {
    clearTimeout(wakeTimer);
    runningSince ??= performance.now();
  }

  return {
    pause(wakeInMs) {
      usedMs = total();
      runningSince = undefined;
      pausedSince = performance.now();
      clearTimeout(wakeTimer);
      if (wakeInMs !== null) wakeTimer = setTimeout(resume, Math.min(wakeInMs, MAX_TIMER_MS));
      checkSoon();
    },
    resume,
    noteSign() {
      if (runningSince !== undefined) return;
      clearTimeout(wakeTimer);
      runningSince = pausedSince;
    },
    raiseTo(ms) {
      usedMs += Math.max(0, ms - total());
      checkSoon();
    },
    add(ms) {
      usedMs += ms;
      checkSoon();
    },
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
