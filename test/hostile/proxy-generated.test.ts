/** Generated requests: each is answered in the API's own words at a bounded cost, and nobody else waits for long. */
import { expect, test } from "vitest";
import { DEFAULT_MAX_BODY_BYTES } from "../../src/proxy/http/read-body.ts";
import type { GeneratedAnswers, GeneratedRequests } from "./cases/proxy-generated.ts";
import { CUT } from "./proxy/client.ts";
import { expectBounded, HOSTILE_SECONDS, measureCase } from "./run-case.ts";

const SHORT_REQUESTS = 30;

test(
  "generated requests cost no more than a bound, and others are answered meanwhile",
  { timeout: (HOSTILE_SECONDS + 180) * 1_000 },
  async () => {
    const isLong = HOSTILE_SECONDS > 0;
    const argument: GeneratedRequests = {
      seed: 1,
      requests: isLong ? 1_000_000 : SHORT_REQUESTS,
      seconds: isLong ? HOSTILE_SECONDS : 120,
    };
    const timeoutMs = (argument.seconds + 60) * 1_000;
    const report = await measureCase("proxy-generated.ts", "generated", { argument, timeoutMs });
    const { requests, statuses, longestMessage, faults, neighbour } = report.value as GeneratedAnswers;
    expect(faults).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(SHORT_REQUESTS);
    expect([String(CUT), "200", "400", "404", "413"]).toEqual(expect.arrayContaining(Object.keys(statuses)));
    expect(Math.min(statuses["200"] ?? 0, statuses["400"] ?? 0)).toBeGreaterThan(0);
    expect(longestMessage).toBeLessThanOrEqual(1024);
    expect(Object.keys(neighbour)).toEqual(["200"]);
    expect(neighbour["200"]).toBeGreaterThan(requests);
    expectBounded(report, 3 * DEFAULT_MAX_BODY_BYTES);
  },
);
