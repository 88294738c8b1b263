/**
 * The seam for a cap on running scripts: a script passes the gate whenever it begins or goes on, and leaves it when it
 * waits for its client or ends. Paused scripts hold no place.
 */

/** A cap on running scripts. */
export interface ScriptGate {
  /**
   * Waits for a place and returns the function that gives it back.
   *
   * @param maxOwned - places that the owner may have at once; the gate's own rule when undefined
   * @throws {ToolscriptError} `pool-exhausted` when no place became free in time; `aborted`
   * @throws {ApiError} `rate_limit_error` when none of the owner's own did
   */
  enter(ownerId: string, signal: AbortSignal, maxOwned?: number): Promise<() => void>;
}

/** A gate that is always open. */
export const OPEN_GATE: ScriptGate = { enter: () => Promise.resolve(() => {}) };
