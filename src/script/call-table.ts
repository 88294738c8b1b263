/**
 * The calls of one cell that wait for an answer: each is settled once, or times out, or is cancelled. Nothing here
 * knows how a tool runs or how an answer travels.
 */
import type { ParseOptions } from "../tools/tool.ts";
import type { ScriptCall } from "./script-run.ts";

/** A call that waits; a long check of its input ends with it and waits for those of the same session. */
export interface PendingCall extends ParseOptions {
  readonly call: ScriptCall;
  readonly startedAt: number;
  /** Aborted when nobody waits for the answer any more. Made on first use: most tools never ask for it. */
  readonly signal: AbortSignal;
  /** The session. */
  readonly owner: object;
  /** Whether nobody waits for the answer any more. */
  readonly isGivenUp: boolean;
  /** Aborts the signal. */
  giveUp(reason: string): void;
}

/** What is known of a call when it comes. */
export interface CallFacts {
  /** Milliseconds that it may wait. */
  readonly timeoutMs: number;
  /** What its input takes of the host's memory, about. */
  readonly inputBytes: number;
  /** Whether the host itself runs its tool. */
  readonly isRunHere: boolean;
  /** Stands for the session. */
  readonly owner: object;
}

/** A timer cannot be set any further ahead. */
const MAX_TIMER_MS = 2 ** 31 - 1;

class Pending implements PendingCall {
  readonly call: ScriptCall;
  readonly startedAt = performance.now();
  readonly timeoutMs: number;
  readonly inputBytes: number;
  readonly isRunHere: boolean;
  readonly owner: object;
  #controller: AbortController | undefined;
  #given = false;

  constructor(call: ScriptCall, { timeoutMs, inputBytes, isRunHere, owner }: CallFacts) {
    this.call = call;
    this.timeoutMs = timeoutMs;
    this.inputBytes = inputBytes;
    this.isRunHere = isRunHere;
    this.owner = owner;
  }

  get isGivenUp(): boolean {
    return this.#given;
  }

  /** On the clock of `performance.now()`. */
  get deadline(): number {
    return this.startedAt + this.timeoutMs;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#given) this.#controller.abort();
    return this.#controller.signal;
  }

  giveUp(reason: string): void {
    this.#given = true;
    this.#controller?.abort(new DOMException(reason, "AbortError"));
  }
}

/** The pending calls of a cell and the figures about them. */
export class CallTable {
  readonly #pending = new Map<number, Pending>();
  readonly #onTimeout: (call: ScriptCall, timeoutMs: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;
  #made = 0;
  #runHere = 0;
  #change: PromiseWithResolvers<void> | undefined;
  /** What the inputs that wait take of the host's memory, about. */
  inputBytes = 0;
  calls = 0;
  waves = 0;
  maxInFlight = 0;

  /**
   * @param onTimeout - called for a call that has waited for `timeoutMs`; it takes the call. One timer serves all calls
   *   and is left running when the call that it was set for returns: most calls then cost no timer at all.
   */
  constructor(onTimeout: (call: ScriptCall, timeoutMs: number) => void) {
    this.#onTimeout = onTimeout;
  }

  /** Whether the host itself is at work on a call that waits. */
  get areRunning(): boolean {
    return this.#runHere > 0;
  }

  /** Resolves when a call has been taken out. */
  changed(): Promise<void> {
    this.#change ??= Promise.withResolvers<void>();
    return this.#change.promise;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  /** Every waiting call, oldest first. */
  get waiting(): readonly ScriptCall[] {
    return Array.from(this.#pending.values(), (pending) => pending.call);
  }

  /** Adds a call. */
  add(call: ScriptCall, facts: CallFacts): PendingCall {
    const pending = new Pending(call, facts);
    this.inputBytes += facts.inputBytes;
    if (facts.isRunHere) this.#runHere += 1;
    if (pending.deadline < this.#wakesAt) this.#wakeAt(pending.deadline);
    this.#pending.set(call.id, pending);
    this.#made += 1;
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
    this.inputBytes -= pending.inputBytes;
    if (pending.isRunHere) this.#runHere -= 1;
    this.#change?.resolve();
    this.#change = undefined;
    return pending;
  }

  /** Gives a call up: its signal is aborted and its answer will be ignored. */
  giveUp(id: number, reason: string): void {
    this.take(id)?.giveUp(reason);
  }

  /** Gives every call up. */
  giveUpAll(reason: string): void {
    clearTimeout(this.#timer);
    for (const id of this.#pending.keys()) this.giveUp(id, reason);
  }

  /** The number of calls made since the last time: one wave. */
  takeWave(): number {
    const made = this.#made;
    this.#made = 0;
    if (made > 0) this.waves += 1;
    return made;
  }

  #wakeAt(deadline: number): void {
    clearTimeout(this.#timer);
    this.#wakesAt = deadline;
    const ms = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(deadline - performance.now())));
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    const now = performance.now();
    const expired = Array.from(this.#pending.values()).filter(({ deadline }) => deadline <= now);
    for (const { call, timeoutMs } of expired) this.#onTimeout(call, timeoutMs);
    this.#wakesAt = Infinity;
    const next = Array.from(this.#pending.values()).reduce(
      (least, { deadline }) => Math.min(least, deadline),
      Infinity,
    );
    if (next < Infinity) this.#wakeAt(next);
  }
}
