/**
 * A cap on running scripts: so many at once, the others in a line, first come first served, with a deadline.
 *
 * A script that waits for its client holds no place. Guarantees: a place is given back exactly once; one who leaves the
 * line frees it at once; nobody who waits is overtaken.
 */
import { ToolscriptError } from "../../errors.ts";
import type { ScriptGate } from "../turn/script-gate.ts";

/** Scripts that run at once. */
export const DEFAULT_MAX_RUNNING_SCRIPTS = 64;
/** Scripts that may wait for a place. */
export const DEFAULT_MAX_QUEUED_SCRIPTS = 1_000;
/** Milliseconds that a script may wait for a place. */
export const DEFAULT_SCRIPT_QUEUE_MS = 30_000;

/** Options of {@link createScriptQueue}. */
export interface ScriptQueueOptions {
  /** @default 64 */
  readonly maxRunning?: number;
  /** @default 1_000 */
  readonly maxQueued?: number;
  /** @default 30_000 */
  readonly queueMs?: number;
}

/** A gate with a line before it. */
export interface ScriptQueue extends ScriptGate {
  readonly running: number;
  readonly queued: number;
}

/** Makes a cap on running scripts. */
export function createScriptQueue(options: ScriptQueueOptions = {}): ScriptQueue {
  return new Queue(options);
}

interface Waiter {
  readonly admit: () => void;
}

class Queue implements ScriptQueue {
  readonly #maxRunning: number;
  readonly #maxQueued: number;
  readonly #queueMs: number;
  /** In order of their coming. */
  readonly #waiters = new Set<Waiter>();
  #running = 0;

  constructor(options: ScriptQueueOptions) {
    const { maxRunning, maxQueued, queueMs } = options;
    this.#maxRunning = maxRunning ?? DEFAULT_MAX_RUNNING_SCRIPTS;
    this.#maxQueued = maxQueued ?? DEFAULT_MAX_QUEUED_SCRIPTS;
    this.#queueMs = queueMs ?? DEFAULT_SCRIPT_QUEUE_MS;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiters.size;
  }

  async enter(_ownerId: string, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw aborted();
    if (this.#running < this.#maxRunning) this.#running += 1;
    else await this.#wait(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  /** Settles when a place has been handed over: it is never free in between, so nobody can jump the line. */
  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiters.size >= this.#maxQueued) {
      throw this.#exhausted(`"${this.#waiters.size}" scripts wait already`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { admit: resolve };
    const give = (error: Error): void => {
      if (this.#waiters.delete(waiter)) reject(error);
    };
    const timer = setTimeout(
      () => give(this.#exhausted(`no place became free in "${this.#queueMs}" ms`)),
      this.#queueMs,
    );
    const onAbort = (): void => give(aborted());
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #leave(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiters.delete(next);
    next.admit();
  }

  #exhausted(reason: string): ToolscriptError {
    const message = `Running the script failed: "${this.#maxRunning}" scripts run at once and ${reason}; try again later`;
    return new ToolscriptError("pool-exhausted", message);
  }
}

function aborted(): ToolscriptError {
  return new ToolscriptError("aborted", "Waiting for a place to run was given up: the signal was aborted");
}
