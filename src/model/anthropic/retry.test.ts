import { describe, expect, test } from "vitest";
import { isRetryable, retryDelayMs } from "./retry.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

function delay(headers: Record<string, string>, attempt = 1, random = 0): number {
  return retryDelayMs(attempt, new Headers(headers), NOW, random);
}

describe("retryDelayMs()", () => {
  test("does what the service asks for, in each form", () => {
    expect(delay({ "retry-after": "3" })).toBe(3000);
    expect(delay({ "retry-after": "0" })).toBe(0);
    expect(delay({ "retry-after": "Sun, 22 Nov 2026 12:00:05 GMT" })).toBe(5000);
    expect(delay({ "retry-after": "Sun, 22 Nov 2026 11:00:00 GMT" })).toBe(0);
    expect(delay({ "retry-after": "9", "retry-after-ms": "250" })).toBe(250);
  });

  test("backs off by itself when nothing usable is asked for", () => {
    expect(["61", "soon", ""].map((after) => delay({ "retry-after": after }))).toEqual([500, 500, 500]);
    expect([1, 2, 3, 4, 5, 6].map((attempt) => delay({}, attempt))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000,
    ]);
    expect(delay({}, 1, 1)).toBe(375);
    expect(retryDelayMs(1, undefined, NOW, 0)).toBe(500);
  });
});

describe("isRetryable()", () => {
  test("tries again what may pass", () => {
    const retried = [400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504, 529].filter((status) =>
      isRetryable(status, new Headers()),
    );
    expect(retried).toEqual([408, 409, 429, 500, 502, 503, 504, 529]);
  });

  test("follows the service's advice", () => {
    expect(isRetryable(400, new Headers({ "x-should-retry": "true" }))).toBe(true);
    expect(isRetryable(529, new Headers({ "x-should-retry": "false" }))).toBe(false);
  });
});
