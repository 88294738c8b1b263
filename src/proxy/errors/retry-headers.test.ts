import { expect, test } from "vitest";
import { ApiError } from "./api-error.ts";
import { RETRY_COUNT, toRetryHeaders } from "./retry-headers.ts";

const tries = (count?: number | string): Headers =>
  new Headers(count === undefined ? {} : { [RETRY_COUNT]: String(count) });

test("an error says whether another try can help [proxy.should-retry]", () => {
  const saysOf = (type: ApiError["type"]): string | undefined =>
    toRetryHeaders(new ApiError(type, "x"), tries())["x-should-retry"];
  for (const type of [
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "request_too_large",
    "billing_error",
  ] as const) {
    expect([type, saysOf(type)]).toEqual([type, "false"]);
  }
  for (const type of [
    "conflict_error",
    "rate_limit_error",
    "api_error",
    "timeout_error",
    "overloaded_error",
  ] as const) {
    expect([type, saysOf(type)]).toEqual([type, "true"]);
  }
  const own = new ApiError("api_error", "x", { headers: { "x-should-retry": "false" } });
  expect(toRetryHeaders(own, tries())["x-should-retry"]).toBe("false");
});

test("the pause grows with the tries, unless it is known [proxy.should-retry]", () => {
  const busy = new ApiError("overloaded_error", "x");
  const pauses = [undefined, 0, 1, 2, 5, 9, 1e9, -1, "x", 1.5].map(
    (count) => toRetryHeaders(busy, tries(count))["retry-after"],
  );
  expect(pauses).toEqual(["1", "1", "2", "4", "32", "32", "32", "1", "1", "1"]);
  const known = new ApiError("rate_limit_error", "x", { headers: { "retry-after": "17" } });
  expect(toRetryHeaders(known, tries(3))["retry-after"]).toBe("17");
  expect(toRetryHeaders(new ApiError("api_error", "x"), tries(3))).toEqual({ "x-should-retry": "true" });
});
