/**
 * When to ask a kernel again by itself. What it says is a script's word: an answer that brings nothing, or comes earlier
 * than it was asked for, makes the next request wait.
 */
import type { KernelAnswer } from "./answer/kernel-answer.ts";

/** After an answer that says no more than that the script waits. Short sleeps are longer than that on their way anyway. */
const WAITING_PAUSE_MS = 20;

/** The second answer in a row that brings nothing; the pause doubles with every further one. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Largest delay that Node's timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What an answer brings: frames of the script, the word that it waits, or nothing. */
export type Brought = "frames" | "waiting" | "nothing";

/** What is known of an exchange that is over. */
export interface PastExchange {
  /** Milliseconds that it took. */
  readonly ms: number;
  /** Seconds that the script was given. */
  readonly seconds: number;
  /** Whether it brought frames or an interrupt to the script. */
  readonly hasDelivered: boolean;
  /** What it brought to the host: frames, none, or only that the script waits. */
  readonly brought: Brought;
}

/** The pace of one session. */
export class ExchangePace {
  #empty = 0;

  /** Milliseconds until the next exchange if the host has nothing to say meanwhile; undefined when none is due then. */
  pauseMs({ state, wakeInMs }: KernelAnswer, past: PastExchange): number | undefined {
    const { ms, seconds, hasDelivered, brought } = past;
    if (state === "running") return brought === "frames" ? 0 : Math.max(0, seconds * 1000 - ms);
    if (state === "more") return 0;
    if (wakeInMs === null) return undefined;
    this.#empty = brought === "nothing" && !hasDelivered ? this.#empty + 1 : 0;
    return Math.min(MAX_TIMER_MS, Math.max(wakeInMs, this.#leastPauseMs(brought)));
  }

  #leastPauseMs(brought: Brought): number {
    if (brought === "waiting") return WAITING_PAUSE_MS;
    return this.#empty < 2 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#empty - 2));
  }
}
