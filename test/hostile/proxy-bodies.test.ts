/**
 * One request, whatever its body and whatever stands behind the proxy: no turn of the loop is long, and what it takes in
 * memory is three times the largest body at most.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MAX_BODY_BYTES } from "../../src/proxy/http/read-body.ts";
import type { Behind, BodiesArgument, BodyReport } from "./cases/proxy-bodies.ts";
import { BODY_NAMES, LARGE_BODY_NAMES, SHORT_BODY_NAMES } from "./proxy/bodies.ts";
import { expectBounded, HOSTILE_SECONDS, runCase } from "./run-case.ts";

const isLong = HOSTILE_SECONDS > 0;
const TIMEOUT_MS = 300_000;
const MESSAGES = "/v1/messages";

const MORE_WAYS = [
  ["anthropic", MESSAGES, BODY_NAMES],
  ["forward", MESSAGES, BODY_NAMES],
  ["invoke", `${MESSAGES}/count_tokens`, BODY_NAMES],
  ["converse", `${MESSAGES}/count_tokens`, BODY_NAMES],
  ["anthropic", `${MESSAGES}/count_tokens`, BODY_NAMES],
] as const;

/** Where bodies go: the short form sends on only those that are large when they have been read. */
const WAYS: readonly (readonly [Behind, string, readonly string[]])[] = [
  ["nothing", MESSAGES, isLong ? BODY_NAMES : SHORT_BODY_NAMES],
  ["invoke", MESSAGES, isLong ? BODY_NAMES : LARGE_BODY_NAMES],
  ["converse", MESSAGES, isLong ? BODY_NAMES : LARGE_BODY_NAMES],
  ...(isLong ? MORE_WAYS : []),
];

describe.each(WAYS)("a body that goes to %s by %s", (behind, path, names) => {
  const reports = new Map<string, BodyReport>();
  beforeAll(async () => {
    const argument: BodiesArgument = { names, behind, path };
    const report = await runCase("proxy-bodies.ts", "bodies", { argument, timeoutMs: TIMEOUT_MS });
    for (const one of report.value as readonly BodyReport[]) reports.set(one.name, one);
  }, TIMEOUT_MS);

  test.each(names)("%s", (name) => {
    const report = reports.get(name);
    if (report === undefined) throw new Error("It was not sent");
    const { answered, cost } = report;
    expect(answered.status).toBeLessThan(500);
    expect(answered.messageCharacters).toBeLessThanOrEqual(1024);
    expectBounded({ cost, value: undefined, stderr: "" }, 3 * DEFAULT_MAX_BODY_BYTES);
  });
});
