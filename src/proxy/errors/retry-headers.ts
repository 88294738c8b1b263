/**
 * What an error tells SDKs about sending the request again. Without a word of the server they repeat what cannot get better
 * (a wrong key, with growing pauses, for minutes), and give up too soon what can: a fixed `retry-after` overrides
 * their own growing pauses.
 */
import type { ApiError } from "./api-error.ts";

/** In which try an SDK sends a request, from 0. */
export const RETRY_COUNT = "x-stainless-retry-count";

/** Statuses that another try may not have. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504, 529]);
/** Statuses that need time. */
const BUSY: ReadonlySet<number> = new Set([409, 429, 529]);
const LONGEST_PAUSE_SECONDS = 32;

/** In which try the request is sent; 0 when its client does not say so. */
export function triesOf(headers: Headers): number {
  const tries = Number(headers.get(RETRY_COUNT) ?? 0);
  return Number.isSafeInteger(tries) && tries > 0 ? tries : 0;
}

/** The headers of an error; what the error itself says comes first. */
export function toRetryHeaders({ status, headers }: ApiError, asked: Headers): Record<string, string> {
  const seconds = Math.min(LONGEST_PAUSE_SECONDS, 2 ** Math.min(triesOf(asked), 10));
  return {
    "x-should-retry": String(PASSING.has(status)),
    ...(BUSY.has(status) ? { "retry-after": String(seconds) } : {}),
    ...headers,
  };
}
