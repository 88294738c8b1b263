/**
 * The calls of one cell that wait for an answer: each is settled once, or times out, or is cancelled. Nothing here
 * knows how a tool runs or how an answer travels.
 */
import type { ScriptCall } from "./script-run.ts";

/** A call that waits. */
export interface PendingCall {
  readonly call: ScriptCall;
  readonly startedAt: number;
  /** Aborted when nobody waits for the answer any more. Made on first use: most tools never ask for it. */
  readonly signal: AbortSignal;
  /** Aborts the signal. */
  giveUp(reason: string): void;
}

class Pending implements PendingCall {
  readonly call: ScriptCall;
  readonly startedAt = performance.now();
  timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #given = false;

  constructor(call: ScriptCall) {
    this.call = call;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#given) this.#controller.abort();
    return this.#controller.signal;
  }

  giveUp(reason: string): void {
    this.#given = true;
    clearTimeout(this.timer);
    this.#controller?.abort(new DOMException(reason, "AbortError"));
  }
}

/** The pending calls of a cell and the figures about them. */
export class CallTable {
  readonly #pending = new Map<number, Pending>();
  #made: ScriptCall[] = [];
  calls = 0;
  waves = 0;
  maxInFlight = 0;

  get inFlight(): number {
    return this.#pending.size;
  }

  /** Every waiting call, oldest first. */
  get waiting(): readonly ScriptCall[] {
    return Array.from(this.#pending.values(), (pending) => pending.call);
  }

  /** Adds a call; `onTimeout` runs after `timeoutMs` unless it has been taken before. */
  add(call: ScriptCall, timeoutMs: number, onTimeout: () => void): PendingCall {
    const pending = new Pending(call);
    pending.timer = setTimeout(onTimeout, timeoutMs);
    this.#pending.set(call.id, pending);
    this.#made.push(call);
    this.calls += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.#pending.size);
    return pending;
  }

  /** The call that waits under `id`. */
  get(id: number): ScriptCall | undefined {
    return this.#pending.get(id)?.call;
  }

  /** Takes a call out to answer it; undefined when it does not wait (any more). */
  take(id: number): PendingCall | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    return pending;
  }

  /** Gives a call up: its signal is aborted and its answer will be ignored. */
  giveUp(id: number, reason: string): void {
    this.#pending.get(id)?.giveUp(reason);
    this.#pending.delete(id);
  }

  /** Gives every call up. */
  giveUpAll(reason: string): void {
    for (const id of this.#pending.keys()) this.giveUp(id, reason);
  }

  /** The calls made since the last time, as one wave. */
  takeWave(): readonly ScriptCall[] {
    const made = this.#made;
    this.#made = [];
    if (made.length > 0) this.waves += 1;
    return made;
  }
}
