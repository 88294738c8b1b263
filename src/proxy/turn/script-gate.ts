/**
 * The seam for a cap on running scripts: a script passes the gate whenever it begins or goes on, and leaves it when it
 * waits for its client or ends. Paused scripts hold no place.
 */

/** A cap on running scripts. */
export interface ScriptGate {
  /**
   * Waits for a place and returns the function that gives it back.
   *
   * @throws {ToolscriptError} `pool-exhausted` when no place became free in time; `aborted`
   */
  enter(ownerId: string, signal: AbortSignal): Promise<() => void>;
}

/** A gate that is always open. */
export const OPEN_GATE: ScriptGate = { enter: () => Promise.resolve(() => {}) };
