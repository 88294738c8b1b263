/**
 * The time budgets of one cell: its own running time, the time it takes in all, and the time it has to react to an
 * interrupt. The script's word counts for as long as nothing else is known: see the clock and the watch.
 */
import type { ProcessorUse } from "../sandbox/sandbox.ts";
import type { ScriptLimits } from "./limits.ts";
import { watchProcessor } from "./processor-watch.ts";
import { RunningClock } from "./running-clock.ts";

/** What happens when a budget is used up. */
export interface CellTimeActions {
  exceed(limit: "running-time" | "total-time"): void;
  /** Raises `KeyboardInterrupt` in the script. */
  interrupt(): void;
  /** The script did not react to that. */
  kill(): void;
}

/** The time of a cell, from its creation on. */
export class CellTime {
  readonly clock: RunningClock;
  readonly #limits: ScriptLimits;
  readonly #actions: CellTimeActions;
  readonly #processor: { stop(): void };
  readonly #startedAt = performance.now();
  #totalTimer: NodeJS.Timeout | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(limits: ScriptLimits, processor: ProcessorUse | undefined, actions: CellTimeActions) {
    this.#limits = limits;
    this.#actions = actions;
    this.clock = new RunningClock(limits.runningMs, () => actions.exceed("running-time"));
    this.#processor = watchProcessor(processor, {
      budgetMs: limits.runningMs,
      onUse: (usedMs) => this.clock.raiseTo(usedMs),
    });
    if (limits.totalMs > 0) {
      this.#totalTimer = setTimeout(() => actions.exceed("total-time"), limits.totalMs);
    }
  }

  /** Milliseconds since the start. */
  get totalMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Interrupts once; the interpreter is killed when that has no effect within the grace time. */
  interrupt(): void {
    if (this.#graceTimer !== undefined) return;
    this.#actions.interrupt();
    this.#graceTimer = setTimeout(() => this.#actions.kill(), this.#limits.interruptGraceMs);
  }

  stop(): void {
    this.clock.stop();
    this.#processor.stop();
    clearTimeout(this.#totalTimer);
    clearTimeout(this.#graceTimer);
  }
}
