/**
 * One request, whatever its body: no turn of the loop is long, and what it takes in memory is three times the largest
 * body at most.
 */
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_BODY_BYTES } from "../../src/proxy/http/read-body.ts";
import { BODIES } from "./proxy/bodies.ts";
import type { Answered } from "./proxy/client.ts";
import { expectBounded, runCase } from "./run-case.ts";

describe("a body", () => {
  test.each(Object.keys(BODIES))("%s", async (name) => {
    const report = await runCase("proxy-bodies.ts", "body", { argument: { name } });
    const { status, messageCharacters } = report.value as Answered;
    expect(status).toBeLessThan(500);
    expect(messageCharacters).toBeLessThanOrEqual(1024);
    expectBounded(report, 3 * DEFAULT_MAX_BODY_BYTES);
  });
});
