/**
 * Measures the time in which a script itself runs, and says when its budget is used up. Waiting for tools and timers
 * does not count, if it is true: what arrives before the host has sent anything and before a timer is due shows that the
 * script ran. What the kernel and the host's own work on its behalf say is added from outside. Costs two clock readings a
 * wave: one lazy timer checks the budget.
 */

/** Largest delay that Node's timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A clock that runs from its creation; it calls `onOverrun` once when its budget of running time is used up. */
export class RunningClock {
  readonly #budgetMs: number;
  readonly #onOverrun: () => void;
  #usedMs = 0;
  #runningSince: number | undefined = performance.now();
  #pausedSince = 0;
  #wakeTimer: NodeJS.Timeout | undefined;
  #budgetTimer: NodeJS.Timeout | undefined;

  constructor(budgetMs: number, onOverrun: () => void) {
    this.#budgetMs = budgetMs;
    this.#onOverrun = onOverrun;
    this.#budgetTimer = setTimeout(() => this.#check(), budgetMs);
  }

  /** Milliseconds of running so far. */
  get usedMs(): number {
    if (this.#runningSince === undefined) return this.#usedMs;
    return this.#usedMs + performance.now() - this.#runningSince;
  }

  /** The script says that it waits; with `wakeInMs` it goes on by itself after that time. */
  pause(wakeInMs: number | null): void {
    this.#halt();
    this.#pausedSince = performance.now();
    if (wakeInMs !== null) {
      this.#wakeTimer = setTimeout(() => this.resume(), Math.min(wakeInMs, MAX_TIMER_MS));
    }
    this.#checkSoon();
  }

  /** Something for the script to do has been sent. */
  resume(): void {
    clearTimeout(this.#wakeTimer);
    this.#runningSince ??= performance.now();
  }

  /** The script has sent something: if it was said to wait, it did not. */
  noteSign(): void {
    if (this.#runningSince !== undefined) return;
    clearTimeout(this.#wakeTimer);
    this.#runningSince = this.#pausedSince;
  }

  /** At least so many milliseconds in all, as somebody else has measured. */
  raiseTo(ms: number): void {
    this.add(Math.max(0, ms - this.usedMs));
  }

  /** So many milliseconds more. */
  add(ms: number): void {
    this.#usedMs += ms;
    this.#checkSoon();
  }

  /** Ends the measurement. */
  stop(): void {
    this.#halt();
    clearTimeout(this.#budgetTimer);
  }

  #halt(): void {
    this.#usedMs = this.usedMs;
    this.#runningSince = undefined;
    clearTimeout(this.#wakeTimer);
  }

  #check(): void {
    const leftMs = this.#budgetMs - this.usedMs;
    if (leftMs <= 0) {
      this.#budgetTimer = undefined;
      this.#onOverrun();
    } else this.#budgetTimer = setTimeout(() => this.#check(), Math.ceil(leftMs));
  }

  /** Time was added that the timer does not know of. */
  #checkSoon(): void {
    if (this.#budgetTimer === undefined || this.#budgetMs > this.usedMs) return;
    clearTimeout(this.#budgetTimer);
    this.#check();
  }
}
