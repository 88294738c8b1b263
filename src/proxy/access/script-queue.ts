/**
 * A cap on running scripts: so many at once, the others in a line, with a deadline.
 *
 * A script that waits for its client holds no place. Guarantees: a place is given back exactly once; one who leaves the
 * line frees it at once; no owner has all places, unless it may; a place that becomes free goes to the owner that has
 * fewest, and among those of one owner to the one who came first.
 */
import { ToolscriptError } from "../../errors.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ScriptGate } from "../turn/script-gate.ts";
import { shareOf } from "./share.ts";

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

/** The scripts of one owner. */
interface Owner {
  running: number;
  /** Scripts that it may run at once. */
  max: number;
  /** In order of their coming. */
  readonly waiting: Set<() => void>;
}

class Queue implements ScriptQueue {
  readonly #maxRunning: number;
  readonly #maxQueued: number;
  readonly #queueMs: number;
  /** Owners with scripts here; those that wait longest come first. */
  readonly #owners = new Map<string, Owner>();
  #running = 0;
  #queued = 0;

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
    return this.#queued;
  }

  async enter(ownerId: string, signal: AbortSignal, maxOwned?: number): Promise<() => void> {
    if (signal.aborted) throw aborted();
    const owner = this.#ownerOf(ownerId, maxOwned ?? shareOf(this.#maxRunning));
    const isFree = this.#running < this.#maxRunning && owner.running < owner.max;
    if (isFree) this.#admit(owner);
    else await this.#wait(ownerId, owner, signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave(ownerId, owner);
    };
  }

  #ownerOf(ownerId: string, max: number): Owner {
    const known = this.#owners.get(ownerId);
    if (known !== undefined) {
      known.max = max;
      return known;
    }
    const owner: Owner = { running: 0, max, waiting: new Set() };
    this.#owners.set(ownerId, owner);
    return owner;
  }

  #admit(owner: Owner): void {
    owner.running += 1;
    this.#running += 1;
  }

  /** Settles when a place has been handed over: it is never free in between, so nobody can jump the line. */
  async #wait(ownerId: string, owner: Owner, signal: AbortSignal): Promise<void> {
    this.#checkLine(ownerId, owner);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const give = (error: Error): void => {
      if (!owner.waiting.delete(resolve)) return;
      this.#queued -= 1;
      this.#forget(ownerId, owner);
      reject(error);
    };
    const timer = setTimeout(() => give(this.#refusal(owner, `in "${this.#queueMs}" ms`)), this.#queueMs);
    const onAbort = (): void => give(aborted());
    signal.addEventListener("abort", onAbort, { once: true });
    owner.waiting.add(resolve);
    this.#queued += 1;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The line has an end, and no owner has all of it. */
  #checkLine(ownerId: string, owner: Owner): void {
    const isOwnFull = owner.max < this.#maxRunning && owner.waiting.size >= shareOf(this.#maxQueued);
    if (this.#queued < this.#maxQueued && !isOwnFull) return;
    this.#forget(ownerId, owner);
    throw this.#refusal(owner, `and "${isOwnFull ? owner.waiting.size : this.#queued}" scripts wait already`);
  }

  #leave(ownerId: string, owner: Owner): void {
    owner.running -= 1;
    this.#running -= 1;
    this.#forget(ownerId, owner);
    this.#handOver();
  }

  #handOver(): void {
    const next = this.#findNext();
    if (next === undefined) return;
    const [ownerId, owner] = next;
    const [admit] = owner.waiting;
    if (admit === undefined) return;
    owner.waiting.delete(admit);
    this.#queued -= 1;
    this.#admit(owner);
    // Whoever had the last place comes last among those that have as many.
    this.#owners.delete(ownerId);
    this.#owners.set(ownerId, owner);
    admit();
  }

  #findNext(): [string, Owner] | undefined {
    let next: [string, Owner] | undefined;
    for (const entry of this.#owners) {
      const [, { waiting, running, max }] = entry;
      if (waiting.size === 0 || running >= max) continue;
      if (next === undefined || running < next[1].running) next = entry;
    }
    return next;
  }

  #forget(ownerId: string, owner: Owner): void {
    if (owner.running === 0 && owner.waiting.size === 0) this.#owners.delete(ownerId);
  }

  /** The API's own limit when the owner's places are used up, else a server that has none. */
  #refusal({ running, max }: Owner, when: string): Error {
    if (running >= max && max < this.#maxRunning) {
      const message = `This API key already runs ${max} scripts at once, which is its limit, and no place became free ${when}`;
      return new ApiError("rate_limit_error", message);
    }
    return new ToolscriptError(
      "pool-exhausted",
      `Running the script failed: "${this.#maxRunning}" scripts run at once and no place became free ${when}; try again later`,
    );
  }
}

function aborted(): ToolscriptError {
  return new ToolscriptError("aborted", "Waiting for a place to run was given up: the signal was aborted");
}
