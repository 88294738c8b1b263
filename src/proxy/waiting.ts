/**
 * Ways to wait: while the client hears a `ping` from time to time, so that no proxy in between cuts the stream; until a
 * signal says that nobody waits any more; for the next turn, so that others get theirs.
 */
import { ToolscriptError } from "../errors.ts";
import type { MessageEvent } from "../model/model.ts";
import { TurnShare } from "../turn-share.ts";

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

/** The same events, however many are there at once, in shares of a turn. */
export async function* inShares<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event> {
  for await (const event of events) {
    const share = new TurnShare();
    if (share.due) await share.yieldTurn();
    yield event;
  }
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
