/**
 * Those who wait for something, first come, first served, each with a deadline and a signal of its own.
 *
 * Guarantee: every promise handed out settles; one that has settled is not in the line any more.
 */
import { ToolscriptError } from "../../errors.ts";

/** Limits of a line. */
export interface WaitingLineOptions {
  readonly maxLength: number;
  readonly timeoutMs: number;
  /** What a refusal tells about the owner's state. */
  readonly describe: () => string;
  /** Somebody left before being served. */
  readonly onLeave: () => void;
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
  readonly done: () => void;
}

/** Those who wait for a `T`. */
export class WaitingLine<T> {
  readonly #options: WaitingLineOptions;
  /** A set keeps the order of joining. */
  readonly #waiters = new Set<Waiter<T>>();

  constructor(options: WaitingLineOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** @throws {ToolscriptError} `pool-exhausted` when the line is full or the deadline passes, `aborted` */
  async join(signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) throw aborted(signal);
    const { maxLength } = this.#options;
    if (this.length >= maxLength) throw this.#exhausted(`"${maxLength}" others wait already`);
    return await this.#wait(signal);
  }

  /** Serves the first in line. False when nobody waits. */
  serve(value: T): boolean {
    const waiter = this.#first();
    waiter?.resolve(value);
    return waiter !== undefined;
  }

  /** Turns the first in line away. False when nobody waits. */
  refuse(error: Error): boolean {
    const waiter = this.#first();
    waiter?.reject(error);
    return waiter !== undefined;
  }

  #first(): Waiter<T> | undefined {
    const [waiter] = this.#waiters;
    if (waiter !== undefined) this.#remove(waiter);
    return waiter;
  }

  #remove(waiter: Waiter<T>): void {
    this.#waiters.delete(waiter);
    waiter.done();
  }

  #wait(signal: AbortSignal | undefined): Promise<T> {
    const { timeoutMs, onLeave } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const leave = (error: ToolscriptError) => {
        this.#remove(waiter);
        reject(error);
        onLeave();
      };
      const onTimeout = () => leave(this.#exhausted(`nothing became free within "${timeoutMs}" ms`));
      const onAbort = () => leave(aborted(signal));
      const timer = setTimeout(onTimeout, timeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter<T> = { resolve, reject, done };
      this.#waiters.add(waiter);
    });
  }

  #exhausted(reason: string): ToolscriptError {
    return new ToolscriptError(
      "pool-exhausted",
      `Opening a session failed: ${reason} (${this.#options.describe()}); close sessions that are not needed, or raise the limits of the pool`,
    );
  }
}

function aborted(signal: AbortSignal | undefined): ToolscriptError {
  return new ToolscriptError("aborted", "Opening a session was given up because its signal was aborted", {
    cause: signal?.reason,
  });
}
