/**
 * What a benchmark is.
 */
import type { Figure } from "./measure.ts";

/** One named measurement. */
export interface Benchmark {
  /** What `--only` selects by: a name, or the start of one up to a dot. */
  readonly name: string;
  /** A step that measures nothing, such as closing; runs whenever something of its backend ran. */
  readonly hidden?: boolean;
  run(): Promise<Figure[]>;
}
