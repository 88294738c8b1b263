/** Clients that do not end what they begin: they hold little, and others are answered. */
import { describe, expect, test } from "vitest";
import type { SlowReport } from "./cases/proxy-slow.ts";
import { BEGINNING_NAMES } from "./proxy/slow-clients.ts";
import { expectBounded, HOSTILE_SECONDS, measureCase } from "./run-case.ts";

const MIB = 1024 * 1024;
const UNREAD = "a request whose answer nobody reads";
const names = HOSTILE_SECONDS > 0 ? BEGINNING_NAMES : [UNREAD];

describe("many clients that send", () => {
  test.each(names)("%s", { timeout: 60_000 }, async (name) => {
    const report = await measureCase("proxy-slow.ts", "slow", { argument: name });
    const { neighbour, stalled, manyHeaders } = report.value as SlowReport;
    expect(Object.keys(neighbour)).toEqual([name === UNREAD ? "404" : "200"]);
    expect(Object.values(neighbour)[0]).toBeGreaterThan(20);
    expect(stalled).toBe(name === UNREAD ? 16 : 0);
    expect(manyHeaders).toEqual([200, 431]);
    // Their answers are there at once; what they hold is gone when they are.
    expectBounded(report, 176 * MIB);
  });
});
