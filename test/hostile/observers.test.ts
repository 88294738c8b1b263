/**
 * What an observer or a backend of the user throws is its own: no session is lost over it, and the process goes on.
 */
import { describe, expect, test } from "vitest";
import type { Failing } from "./cases/observers.ts";
import { runCase } from "./run-case.ts";

const FAILING: readonly Failing[] = ["throws", "rejects"];

describe("the process goes on", () => {
  test.each(FAILING)("when a pool's observer %s", async (failing) => {
    const report = await runCase("observers.ts", "poolObserver", { argument: failing });
    const { opened, left } = report.value as { opened: number; left: number };
    expect(left).toBe(0);
    expect(opened).toBeGreaterThanOrEqual(8);
    expect(report.stderr).toContain("An observer that was told of an event failed");
  });

  test("when what a pool starts throws where it must reject", async () => {
    const report = await runCase("observers.ts", "poolOfThrowers");
    expect(report.value).toMatchObject({ left: 0 });
    expect(report.stderr).toBe("");
  });

  test.each(FAILING)("when the AgentCore sandbox's observer %s", async (failing) => {
    const report = await runCase("observers.ts", "agentCoreObserver", { argument: failing });
    expect(report.value).toEqual({ stdout: "42\n", left: 0 });
    expect(report.stderr).toContain("An observer that was told of an event failed");
  });
});
