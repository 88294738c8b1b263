/**
 * When a failed request is tried again, and after how long.
 *
 * The service's `retry-after-ms` or `retry-after` counts when it is a minute or less; otherwise exponential backoff from
 * half a second to eight, with up to a quarter less by chance.
 */

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Longest wait that a service may ask for, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Whether a request that got this status may be tried again. */
export function isRetryable(status: number, headers: Headers): boolean {
  const advice = headers.get("x-should-retry");
  if (advice === "true" || advice === "false") {
    return advice === "true";
  }
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/**
 * Milliseconds to wait before the next attempt.
 *
 * @param attempt number of the attempt that failed, from 1
 * @param random a number from 0 up to 1
 */
export function retryDelayMs(
  attempt: number,
  headers: Headers | undefined,
  now: number = Date.now(),
  random: number = Math.random(),
): number {
  const asked = headers === undefined ? undefined : askedDelayMs(headers, now);
  if (asked !== undefined && asked >= 0 && asked <= MAX_RETRY_AFTER_MS) {
    return asked;
  }
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
  return Math.round(backoff * (1 - random / 4));
}

/** What the service asks for: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, 10.2.3). */
function askedDelayMs(headers: Headers, now: number): number | undefined {
  const milliseconds = headers.get("retry-after-ms");
  if (milliseconds !== null && milliseconds.trim() !== "" && Number.isFinite(Number(milliseconds))) {
    return Number(milliseconds);
  }
  const after = headers.get("retry-after");
  if (after === null || after.trim() === "") {
    return undefined;
  }
  const seconds = Number(after);
  const delay = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - now;
  return Number.isNaN(delay) ? undefined : Math.max(0, delay);
}
