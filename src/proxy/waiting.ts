/**
 * Ways to wait: while the client hears a `ping` from time to time, so that no proxy in between cuts the stream, and until
 * a signal says that nobody waits any more.
 */
import { setTimeout as wait } from "node:timers/promises";
import { ToolscriptError } from "../errors.ts";
import type { MessageEvent } from "../model/model.ts";

/** Yields a `ping` every `pingMs` until `work` is done, and returns what it came to. */
export async function* withPings<Value>(
  work: Promise<Value>,
  pingMs: number,
  signal: AbortSignal,
): AsyncGenerator<MessageEvent, Value> {
  const done = new AbortController();
  const settled = work.finally(() => done.abort());
  settled.catch(() => {}); // awaited below, but perhaps not before a ping was taken
  for (;;) {
    const pause = wait(pingMs, "ping" as const, { signal: AbortSignal.any([signal, done.signal]) });
    const first = await Promise.race([settled.then((value) => ({ value })), pause.catch(() => "over" as const)]);
    if (first === "ping") yield { type: "ping" };
    else return await settled;
  }
}

/** Settles with `work`, or rejects at once when the signal is aborted; `work` then goes on unheard. */
export async function orAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const gone = Promise.withResolvers<never>();
  const onAbort = (): void => gone.reject(new ToolscriptError("aborted", "Waiting was given up: the signal was aborted"));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
