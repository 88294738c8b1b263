/**
 * Ways to wait: while the client hears a `ping` from time to time, so that no proxy in between cuts the stream, and until
 * a signal says that nobody waits any more.
 */
import { ToolscriptError } from "../errors.ts";
import type { MessageEvent } from "../model/model.ts";

/** Yields a `ping` every `pingMs` until `work` is done, and returns what it came to. */
export async function* withPings<Value>(
  work: Promise<Value>,
  pingMs: number,
): AsyncGenerator<MessageEvent, Value> {
  const done = work.then((value) => ({ value }));
  done.catch(() => {}); // awaited below, but a ping may be under way when it fails
  for (;;) {
    const first = await Promise.race([done, pause(pingMs, done)]);
    if (first !== undefined) return first.value;
    yield { type: "ping" };
  }
}

/** Resolves after `ms`; the timer does not outlive `work`. */
async function pause(ms: number, work: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  const cancel = (): void => clearTimeout(timer);
  work.then(cancel, cancel);
  return promise;
}

/** Settles with `work`, or rejects at once when the signal is aborted; `work` then goes on unheard. */
export async function orAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const gone = Promise.withResolvers<never>();
  const onAbort = (): void =>
    gone.reject(new ToolscriptError("aborted", "Waiting was given up: the signal was aborted"));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
