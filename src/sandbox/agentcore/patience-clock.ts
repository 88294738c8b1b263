/**
 * How long one invocation may stay open while a script computes.
 *
 * Longer each time, so that long computations cost few invocations; short while calls of the script wait to be carried out
 * or back; and never beyond the running time of the cell, so that its interrupt comes in time.
 */
import type { OutgoingFrame, RunnerFrame } from "../../protocol/frames.ts";

/** The first wait; it doubles with every answer that says "still running". */
const FIRST_MS = 2000;

/** The same while calls are in flight: their results cannot be delivered before the invocation ends. */
const FIRST_WITH_CALLS_MS = 50;
const LONGEST_WITH_CALLS_MS = 1000;

/** After the running time is used up the interrupt is due at any moment. */
const OVERRUN_MS = 50;

/** The clock of one session. */
export class PatienceClock {
  /** Running time of a cell, in milliseconds; undefined when it is not limited. */
  budgetMs: number | undefined;
  readonly #longestMs: number;
  readonly #calls = new Set<number>();
  #rounds = 0;
  #usedMs = 0;
  #since: number | undefined;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** An invocation begins; returns the seconds it may last. */
  start(): number {
    this.#since ??= performance.now();
    const withCalls = this.#calls.size > 0;
    const first = withCalls ? FIRST_WITH_CALLS_MS : FIRST_MS;
    const longest = withCalls ? Math.min(LONGEST_WITH_CALLS_MS, this.#longestMs) : this.#longestMs;
    const patientMs = Math.min(longest, first * 2 ** this.#rounds);
    if (this.budgetMs === undefined) return patientMs / 1000;
    const leftMs = this.budgetMs - this.#usedMs - (performance.now() - this.#since);
    return Math.min(patientMs, leftMs > 0 ? leftMs + 1 : OVERRUN_MS) / 1000;
  }

  /** An invocation was answered. */
  noteAnswer(isRunning: boolean): void {
    this.#rounds = isRunning ? this.#rounds + 1 : 0;
    if (isRunning || this.#since === undefined) return;
    this.#usedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  noteSent(frame: OutgoingFrame): void {
    if (frame.type === "run") {
      this.#calls.clear();
      this.#usedMs = 0;
    } else if (frame.type === "result" || frame.type === "error") this.#calls.delete(frame.id);
  }

  noteReceived(frame: RunnerFrame): void {
    if (frame.type === "call") this.#calls.add(frame.id);
    else if (frame.type === "cancel") this.#calls.delete(frame.id);
  }
}
