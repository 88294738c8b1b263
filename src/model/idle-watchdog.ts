/**
 * One abort signal for a request: the caller's own, or nothing heard for too long.
 *
 * A slow model may think for minutes before its first byte, and SDK and socket timeouts differ by protocol; this is the
 * one clock that counts. Guarantee: after `end()` no timer and no listener is left behind.
 */
import { ToolscriptError } from "../errors.ts";

/** Longest silence while waiting for a model, in milliseconds: 10 minutes. */
export const DEFAULT_MODEL_TIMEOUT_MS = 10 * 60_000;
/** The longest that Bedrock lets one request run, in milliseconds: 60 minutes. */
export const MAX_MODEL_TIMEOUT_MS = 60 * 60_000;

/** Watches one request. */
export class IdleWatchdog {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onOuterAbort = (): void => this.#controller.abort();
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;
  #completed = false;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    outer?.addEventListener("abort", this.#onOuterAbort, { once: true });
    if (outer?.aborted === true) {
      this.#controller.abort();
    } else {
      this.touch();
    }
  }

  /** Aborted by the caller, by silence, or by `end()`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Something was heard: the silence begins anew.
   *
   * @param graceMs milliseconds in which nothing can be heard, such as the wait before a retry
   */
  touch(graceMs = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.#controller.abort();
    }, this.#timeoutMs + graceMs);
  }

  /** Settles with `work`, or rejects as soon as the signal is aborted. */
  async guard<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new Error("The request was aborted"));
    this.signal.addEventListener("abort", onAbort, { once: true });
    if (this.signal.aborted) {
      onAbort();
    }
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** The items of a stream as they come. Only the wait for an item counts as silence, not the reader's own pace. */
  async *watch<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = items[Symbol.asyncIterator]();
    for (;;) {
      this.touch();
      const next = await this.guard(iterator.next());
      clearTimeout(this.#timer);
      if (next.done === true) {
        return;
      }
      yield next.value;
    }
  }

  /** Throws `aborted` when the caller has already given up. */
  throwIfAborted(action: string): void {
    const error = this.toError(action, undefined);
    if (error !== undefined) {
      throw error;
    }
  }

  /** The error to throw when the signal was what ended the request; undefined otherwise. */
  toError(action: string, cause: unknown): ToolscriptError | undefined {
    if (this.#outer?.aborted === true) {
      return new ToolscriptError("aborted", `Gave up to ${action}: the signal was aborted`, {
        cause: this.#outer.reason ?? cause,
      });
    }
    if (this.#timedOut) {
      return new ToolscriptError(
        "model-timeout",
        `Cannot ${action}: nothing was heard for ${this.#timeoutMs} ms; raise "timeoutMs" for slow models`,
        { cause, data: { timeoutMs: this.#timeoutMs } },
      );
    }
    return undefined;
  }

  /** The answer is complete: `end()` has nothing to stop. */
  complete(): void {
    this.#completed = true;
  }

  /** Stops watching; a request that is still open is stopped too. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onOuterAbort);
    if (!this.#completed) {
      this.#controller.abort();
    }
  }
}

/**
 * Checks a `timeoutMs` option.
 *
 * @throws {ToolscriptError} `invalid-argument`
 */
export function checkTimeoutMs(timeoutMs: number): number {
  if (!(timeoutMs > 0 && timeoutMs <= MAX_MODEL_TIMEOUT_MS)) {
    throw new ToolscriptError(
      "invalid-argument",
      `Cannot use "timeoutMs" ${timeoutMs}: want more than 0 and at most ${MAX_MODEL_TIMEOUT_MS} ms`,
    );
  }
  return timeoutMs;
}
