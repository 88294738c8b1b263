/** Generated runners: whatever they say, the session ends with a result or a code, at a bounded cost. */
import { expect, test } from "vitest";
import type { GeneratedOutcome } from "./cases/generated-frames.ts";
import { expectBounded, HOSTILE_SECONDS, measureCase } from "./run-case.ts";

const MIB = 1024 * 1024;
const SHORT_SESSIONS = 300;

/** How a session of a forged runner may end. */
const ENDS = [
  "frame-too-large",
  "protocol-violation",
  "result null",
  "result output",
  "sandbox-ended",
  "work-limit",
];

test(
  "generated frames cost no more than a bound, and each session has an end of its own",
  { timeout: (HOSTILE_SECONDS + 60) * 1_000 },
  async () => {
    const argument = {
      seed: 1,
      sessions: HOSTILE_SECONDS > 0 ? 1_000_000 : SHORT_SESSIONS,
      seconds: HOSTILE_SECONDS > 0 ? HOSTILE_SECONDS : 60,
    };
    const timeoutMs = (argument.seconds + 30) * 1_000;
    const report = await measureCase("generated-frames.ts", "generated", { argument, timeoutMs });
    const { sessions, ends } = report.value as GeneratedOutcome;
    expect(sessions).toBeGreaterThanOrEqual(SHORT_SESSIONS);
    expect(ENDS).toEqual(expect.arrayContaining(Object.keys(ends)));
    const seen = ["protocol-violation", "result null", "sandbox-ended"].map((end) => ends[end] ?? 0);
    expect(Math.min(...seen)).toBeGreaterThan(0);
    expect(report.stderr).toBe("");
    expectBounded(report, 64 * MIB);
  },
);
