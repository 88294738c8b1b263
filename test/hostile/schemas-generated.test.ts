/** Generated schemas and inputs: the verdict is the plain one wherever that can be had, and no turn is held for it. */
import { expect, test } from "vitest";
import type { GeneratedOutcome } from "./cases/schemas-generated.ts";
import { expectBounded, HOSTILE_SECONDS, measureCase } from "./run-case.ts";

const MIB = 1024 * 1024;
const SHORT_SECONDS = 8;

test(
  "generated schemas take and refuse what they say, at a bounded cost",
  { timeout: (HOSTILE_SECONDS + 90) * 1_000 },
  async () => {
    const argument = { seed: 1, seconds: HOSTILE_SECONDS > 0 ? HOSTILE_SECONDS : SHORT_SECONDS };
    const timeoutMs = (argument.seconds + 60) * 1_000;
    const report = await measureCase("schemas-generated.ts", "generated", { argument, timeoutMs });
    const { inputs, accepted, givenUp, wrong } = report.value as GeneratedOutcome;
    expect(wrong).toEqual([]);
    expect(Math.min(accepted, inputs - accepted)).toBeGreaterThan(20);
    expect(givenUp).toBeLessThan(inputs / 10);
    expectBounded(report, 96 * MIB);
  },
);
