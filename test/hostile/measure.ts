/**
 * What hostile input costs the process that it is sent to: processor time of the longest turn of its event loop, and the
 * memory that it holds. Both are what the kernel and the garbage collector count, so a busy machine does not change them.
 *
 * Used inside the process of its own that `run-case.ts` starts for a case.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** What was measured between `start` and `stop`. */
export interface Cost {
  /** Processor time of the main thread in the longest turn, in milliseconds. */
  readonly longestTurnMs: number;
  /** Most bytes that were reachable, beyond what was when the measurement began. */
  readonly heldBytes: number;
  /** Processor time of the main thread in all, in milliseconds. */
  readonly processorMs: number;
}

/** Longest turn of the host's loop that is allowed whatever comes in, in milliseconds of processor time. */
export const MAX_TURN_MS = 50;

/** How often what held a turn for too long is measured before that is believed. */
const MAX_TRIES = 3;

/**
 * The report with the shortest longest turn of up to three, fewer when one is short enough. What is long by itself is long
 * each time; a busy machine adds to a turn (the collector's helpers have no processor, caches are another's) and takes nothing away.
 */
export async function leastOf<Report extends { readonly cost: Cost }>(
  run: () => Promise<Report>,
): Promise<Report> {
  let least = await run();
  for (let tries = 1; tries < MAX_TRIES && least.cost.longestTurnMs > MAX_TURN_MS; tries += 1) {
    const next = await run();
    if (next.cost.longestTurnMs < least.cost.longestTurnMs) least = next;
  }
  return least;
}

/** Milliseconds between two looks at the memory. */
const LOOK_EVERY_MS = 200;

/** A measurement that runs. */
export interface Measurement {
  /** Does work of the case itself, which is not counted: making what is sent, for example. */
  uncounted<Value>(work: () => Value): Value;
  stop(): Promise<Cost>;
}

/** Starts to measure; what the case has to prepare and to warm up comes before. */
export async function startMeasuring(): Promise<Measurement> {
  collectGarbage();
  await sleep(20);
  const heldAtStart = heldBytes();
  const startedAtMs = processorMs();
  let longestTurnMs = 0;
  let mostBytes = heldAtStart;
  let turnAtMs = startedAtMs;
  let lookedAt = performance.now();
  let excludedMs = 0;
  let excludedInTurnMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function look(): void {
    const before = processorMs();
    collectGarbage();
    mostBytes = Math.max(mostBytes, heldBytes());
    excludedMs += processorMs() - before;
    lookedAt = performance.now();
  }

  function noteTurn(): void {
    longestTurnMs = Math.max(longestTurnMs, processorMs() - turnAtMs - excludedInTurnMs);
    excludedInTurnMs = 0;
  }

  // A timer and then an immediate: a turn that was long is seen whole, an idle loop stays idle.
  function sample(): void {
    if (isStopped) return;
    noteTurn();
    if (performance.now() - lookedAt >= LOOK_EVERY_MS) look();
    turnAtMs = processorMs();
    timer = setTimeout(() => setImmediate(sample), 1);
  }
  sample();

  return {
    uncounted(work) {
      const before = processorMs();
      try {
        return work();
      } finally {
        const usedMs = processorMs() - before;
        excludedMs += usedMs;
        excludedInTurnMs += usedMs;
      }
    },
    async stop() {
      await sleep(5);
      // The last turn may have been the long one, and its sample is yet to come.
      noteTurn();
      isStopped = true;
      clearTimeout(timer);
      const usedMs = processorMs() - startedAtMs - excludedMs;
      look();
      return { longestTurnMs, heldBytes: mostBytes - heldAtStart, processorMs: usedMs };
    },
  };
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Twice: what the first finds in buffers is given back beside the loop, and the second waits until that is done. */
function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("Measuring failed: start Node with --expose-gc");
  globalThis.gc();
  globalThis.gc();
}
