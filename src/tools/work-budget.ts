/**
 * Time that the checks of one set of tools may take together: a request cannot make more work by spreading it over many
 * schemas.
 */

/** Time for the schemas and examples of one set of tools, in milliseconds. */
export const DEFAULT_MAX_DECLARE_MS = 5_000;

/** A sum of milliseconds, from which every piece of work takes what it used. */
export class WorkBudget {
  readonly maxMs: number;
  #usedMs = 0;

  constructor(maxMs = DEFAULT_MAX_DECLARE_MS) {
    this.maxMs = maxMs;
  }

  /** Milliseconds that are left; 0 when it is used up. */
  get leftMs(): number {
    return Math.max(0, this.maxMs - this.#usedMs);
  }

  /** Takes what a piece of work used. */
  take(ms: number): void {
    this.#usedMs += ms;
  }
}
