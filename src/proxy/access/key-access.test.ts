import { describe, expect, test } from "vitest";
import type { AccessRequest } from "../http/foreign-request.ts";
import { createApiKey, hashApiKey } from "./api-key.ts";
import { createKeyAccess } from "./key-access.ts";
import type { KeyRecord } from "./key-record.ts";

const KEY = createApiKey();

function record(more: Partial<KeyRecord> = {}, key = KEY): KeyRecord {
  return { name: "app", sha256: hashApiKey(key), ...more };
}

function request(headers: Record<string, string>, remoteAddress = "203.0.113.7"): AccessRequest {
  const url = "http://localhost:8787/v1/messages";
  const all = new Headers({ host: "localhost:8787", ...headers });
  return { headers: all, remoteAddress, method: "POST", path: "/v1/messages", url };
}

const asked = request({ "x-api-key": KEY });

/** The grant's key, or the refusal's type and headers. */
async function outcome(answer: ReturnType<ReturnType<typeof createKeyAccess>["check"]>): Promise<unknown> {
  const settled = await answer;
  if (settled.ok) return settled.keyName;
  const { type, status, headers } = settled.error;
  return { type, status, ...headers };
}

describe("createKeyAccess", () => {
  test.each([
    ["x-api-key", { "x-api-key": KEY }],
    ["a bearer token", { authorization: `Bearer ${KEY}` }],
  ])("createKeyAccess() lets a key in when it comes as %s", async (_name, headers) => {
    expect(await outcome(createKeyAccess([record()]).check(request(headers)))).toBe("app");
  });

  test.each([
    ["there is none", {}],
    ["it is unknown", { "x-api-key": createApiKey() }],
    ["it is a key's hash", { "x-api-key": hashApiKey(KEY) }],
    ["it is longer than the key", { "x-api-key": `${KEY}x` }],
  ])("createKeyAccess() refuses a key when %s", async (_name, headers) => {
    const answer = createKeyAccess([record()]).check(request(headers));
    expect(await outcome(answer)).toEqual({ type: "authentication_error", status: 401 });
  });

  test("createKeyAccess() refuses a key from the moment of its expiry on", async () => {
    let now = Date.parse("2030-01-01T00:00:00Z") - 1;
    const access = createKeyAccess([record({ expiresAt: "2030-01-01T00:00:00Z" })], { now: () => now });
    expect(await outcome(access.check(asked))).toBe("app");
    now += 1;
    expect(await outcome(access.check(asked))).toEqual({ type: "authentication_error", status: 401 });
  });

  test("createKeyAccess() says when to come again when the requests of a minute are used up", async () => {
    let now = 0;
    const access = createKeyAccess([record({ limits: { requestsPerMinute: 2 } })], { now: () => now });
    expect([await outcome(access.check(asked)), await outcome(access.check(asked))]).toEqual(["app", "app"]);
    const limited = { type: "rate_limit_error", status: 429, "retry-after": "30" };
    expect(await outcome(access.check(asked))).toEqual(limited);
    now = 29_999;
    expect(await outcome(access.check(asked))).toEqual({ ...limited, "retry-after": "1" });
    now = 30_000;
    expect(await outcome(access.check(asked))).toBe("app");
  });

  test("createKeyAccess() frees a place when a request ends", async () => {
    const access = createKeyAccess([record({ limits: { maxConcurrentRequests: 1 } })]);
    const first = await access.check(asked);
    expect(await outcome(access.check(asked))).toMatchObject({
      type: "rate_limit_error",
      "retry-after": "1",
    });
    if (first.ok) first.onEnd?.();
    expect(await outcome(access.check(asked))).toBe("app");
  });

  test("createKeyAccess() gives each key an owner of its own and its allowed models", async () => {
    const other = createApiKey();
    const access = createKeyAccess([record({ models: ["claude-*"] }), record({ name: "b" }, other)]);
    const [left, right] = [await access.check(asked), await access.check(request({ "x-api-key": other }))];
    if (!left.ok || !right.ok) throw new Error("refused");
    expect(left.ownerId).not.toBe(right.ownerId);
    expect([left.limits.allowsModel?.("claude-x"), left.limits.allowsModel?.("nova")]).toEqual([true, false]);
    expect(right.limits.allowsModel).toBeUndefined();
  });

  test("replace() keeps what a key has used when its keys are read again", async () => {
    const limited = record({ limits: { requestsPerMinute: 1 } });
    const access = createKeyAccess([limited], { now: () => 0 });
    expect(await outcome(access.check(asked))).toBe("app");
    access.replace([{ ...limited, name: "renamed" }]);
    expect(await outcome(access.check(asked))).toMatchObject({ type: "rate_limit_error" });
    access.replace([]);
    expect(await outcome(access.check(asked))).toMatchObject({ status: 403 });
  });

  test("createKeyAccess() believes the socket and no header when there is no key", async () => {
    const access = createKeyAccess([]);
    const forged = { "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1", host: "localhost" };
    expect(await outcome(access.check(request(forged)))).toEqual({ type: "permission_error", status: 403 });
    expect(await outcome(access.check(request({}, "::1")))).toBe("loopback");
    expect(access.checkOpenRoute?.(request({}))?.status).toBe(403);
    expect(access.checkOpenRoute?.(request({}, "127.0.0.1"))).toBeUndefined();
    expect(createKeyAccess([record()]).checkOpenRoute?.(request({}))).toBeUndefined();
    expect(await outcome(access.check(request({}, "::ffff:127.0.0.1")))).toBe("loopback");
  });

  test("createKeyAccess() lets nobody in without a key when a keys file is empty", async () => {
    const access = createKeyAccess([], { opensToLoopback: false });
    expect(await outcome(access.check(request({}, "127.0.0.1")))).toMatchObject({ status: 401 });
  });
});
