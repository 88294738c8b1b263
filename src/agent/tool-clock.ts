/**
 * Measures the time in which at least one tool call is under way: the union of their intervals, not the sum.
 */

/** Times calls that overlap. */
export interface ToolClock {
  readonly calls: number;
  readonly maxInFlight: number;
  /** Milliseconds with at least one call under way, up to now. */
  readonly busyMs: number;
  start(id: string): void;
  /** Does nothing for a call that is not under way. */
  end(id: string): void;
  /** Ends the calls whose id starts with `prefix`: their script has ended without them. */
  endAll(prefix: string): void;
}

/** Creates a clock. `now` gives milliseconds. */
export function createToolClock(now: () => number = () => performance.now()): ToolClock {
  const underWay = new Set<string>();
  let calls = 0;
  let maxInFlight = 0;
  let endedMs = 0;
  let busySince = 0;

  function end(id: string): void {
    if (underWay.delete(id) && underWay.size === 0) endedMs += now() - busySince;
  }

  return {
    get calls() {
      return calls;
    },
    get maxInFlight() {
      return maxInFlight;
    },
    get busyMs() {
      return endedMs + (underWay.size > 0 ? now() - busySince : 0);
    },
    start(id) {
      if (underWay.size === 0) busySince = now();
      underWay.add(id);
      calls += 1;
      maxInFlight = Math.max(maxInFlight, underWay.size);
    },
    end,
    endAll(prefix) {
      for (const id of [...underWay].filter((one) => one.startsWith(prefix))) end(id);
    },
  };
}
