/**
 * Sees a script that computes while it says that it waits: asks what its sandbox really used of the processors, as
 * seldom as a budget allows, for the question costs a request. Most cells end before the first one.
 */
import type { ProcessorUse } from "../sandbox/sandbox.ts";

/** Milliseconds after which the sandbox is asked for the first time. */
const FIRST_LOOK_MS = 1_000;

/** Pauses between two questions, in milliseconds. */
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** Options of {@link watchProcessor}. */
export interface ProcessorWatchOptions {
  /** Milliseconds of processor time from the first look on that are allowed. */
  readonly budgetMs: number;
  /** Told what was used since the first look, after every look. */
  readonly onUse: (usedMs: number) => void;
}

/** Watches until it is stopped. Timers keep no process alive. */
export function watchProcessor(
  processor: ProcessorUse | undefined,
  { budgetMs, onUse }: ProcessorWatchOptions,
): { stop(): void } {
  if (processor === undefined) return { stop() {} };
  let isStopped = false;
  let baseMs: number | undefined;
  let timer = setTimeout(() => void look(), FIRST_LOOK_MS).unref();

  async function look(): Promise<void> {
    const totalMs = await processor?.usedMs().catch(() => undefined); // asked again after a pause
    if (isStopped) return;
    const usedMs = totalMs === undefined ? 0 : totalMs - (baseMs ??= totalMs);
    if (usedMs > 0) onUse(usedMs);
    const soonestMs = (budgetMs - usedMs) / Math.max(1, processor?.count ?? 1);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, soonestMs));
    timer = setTimeout(() => void look(), pauseMs).unref();
  }

  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
