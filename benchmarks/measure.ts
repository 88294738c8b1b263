/**
 * Medians of repeated work, and the shape of a figure.
 */

/** One figure of a benchmark; times in ms, memory in MB, medians. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "MB" | "1/s" | "%" | "count";
  /** The same work without us, measured in the same run; null where there is no such thing. */
  readonly floor: number | null;
  /** `value / floor`. */
  readonly ratio: number | null;
}

/** Makes a figure, rounded to three decimals. */
export function toFigure(name: string, unit: Figure["unit"], value: number, floor: number | null): Figure {
  return {
    name,
    value: round(value),
    unit,
    floor: floor === null ? null : round(floor),
    ratio: floor === null || floor === 0 ? null : round(value / floor),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The median; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs two kinds of work in turn, so that both see the same noise, and returns the median of each. */
export async function timedInTurn(
  runs: number,
  work: () => Promise<unknown>,
  floorWork: () => Promise<unknown>,
): Promise<{ value: number; floor: number }> {
  const values: number[] = [];
  const floors: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    floors.push(await timed(floorWork));
    values.push(await timed(work));
  }
  return { value: median(values), floor: median(floors) };
}
