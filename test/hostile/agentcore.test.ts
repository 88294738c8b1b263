/**
 * What a script in a managed session can make of its host, through the service's answers: a bounded cost, and an end of
 * that session with a clear code.
 */
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_FRAME_BYTES } from "../../src/protocol/frames.ts";
import type { AgentCoreArgument, AgentCoreOutcome } from "./cases/agentcore.ts";
import { expectBounded, measureCase } from "./run-case.ts";

/** Bytes that a session may hold. */
const MAX_HELD_BYTES = 3 * DEFAULT_MAX_FRAME_BYTES;

const REFUSED = ["protocol-violation", "work-limit", "frame-too-large"];
/** The answer is damaged or none of ours, again and again. */
const NO_ANSWER = ["agentcore-answer"];
const KILLED = ["result running-time"];
const TIMED_OUT = ["result total-time"];

/** What is answered, how it may end, how often is asked at most, and limits. */
type Row = readonly [
  attack: string,
  ends: readonly string[],
  invocations: number,
  options?: Omit<AgentCoreArgument, "attack">,
];

const ROWS: readonly Row[] = [
  ["answers as it should", ["result null"], 1],
  ["events without end", REFUSED, 1],
  ["empty events without end", REFUSED, 1],
  ["events of other kinds without end", REFUSED, 1],
  ["large events without end", REFUSED, 1],
  ["one message of 4 GB", REFUSED, 1],
  ["one message of 90 MB", REFUSED, 1],
  ["one message of 15 MB in small chunks", [...REFUSED, ...KILLED, ...NO_ANSWER], 2],
  ["bytes that are no event stream", [...REFUSED, ...NO_ANSWER], 2],
  ["an answer that never begins", KILLED, 1],
  ["an answer that never ends", KILLED, 1],
  ["a trickle", KILLED, 1],
  ["an exception with a large text", ["agentcore-failed", ...NO_ANSWER, ...REFUSED], 2],
  ["an event with a million parts", REFUSED, 1],
  ["an event with a million texts", REFUSED, 1],
  ["an event that is nested deeply", REFUSED, 1],
  ["an event with a million keys", REFUSED, 1],
  ["an event of other types", NO_ANSWER, 2],
  ["an event whose fields have other types", NO_ANSWER, 2],
  ["an event that is no JSON", NO_ANSWER, 2],
  ["begins without end", NO_ANSWER, 2],
  ["begins without end, each with a head", [...NO_ANSWER, ...REFUSED], 2],
  ["a head that does not end", NO_ANSWER, 2],
  ["a packed answer that grows to 512 MB", REFUSED, 1, { runningMs: 60_000, totalMs: 60_000 }],
  ["a packed answer of 30 MB", REFUSED, 1],
  ["16 MB of blanks", [...NO_ANSWER, ...REFUSED], 2],
  ["a version without end", ["sandbox-unavailable"], 1],
  ["a version of 8 MB", ["sandbox-unavailable"], 1],
  ["8 MB of standard error", NO_ANSWER, 2],
  ["prints beside every answer", REFUSED, 10],
  ["a MiB of newlines in every answer", REFUSED, 1],
  ["lines without a marker in every answer", REFUSED, 1],
  ["one line that grows with every answer", REFUSED, 20],
  ["more without end, and nothing in it", REFUSED, 1],
  ["a frame with a million parts", REFUSED, 1],
  ["a frame with a million unknown fields", REFUSED, 1],
  ["20,000 calls and waits without end", [...REFUSED, ...KILLED], 500],
  ["says at once that it computes", KILLED, 10],
  ["says that there is more", REFUSED, 2],
  ["wakes at once", [...TIMED_OUT, ...KILLED], 15],
  ["wakes at once, and says that it waits", [...REFUSED, ...KILLED], 500],
  ["wakes at once, for timers that are due", KILLED, 500],
  ["wakes in 1e300 ms", [...TIMED_OUT, ...KILLED], 3],
  ["wakes in 1e999 ms", [...NO_ANSWER, ...TIMED_OUT, ...KILLED], 3],
  ["waits for ever", [...TIMED_OUT, ...KILLED], 3],
  ["holds what is not held", REFUSED, 1],
  ["never greets", KILLED, 10],
  ["greets with nothing", REFUSED, 1, { install: "open" }],
  ["is always out of order", ["agentcore-session-lost"], 1],
  ["is always out of order, at length", REFUSED, 1],
  ["an error with a large body", ["agentcore-failed", ...REFUSED, ...KILLED], 2],
  ["an error with a message", ["agentcore-session-lost"], 1],
  ["an error with a long message", REFUSED, 1],
  ["an error with a million fields", ["agentcore-failed", ...REFUSED], 2],
  ["asks for many large results", TIMED_OUT, 1_000, { runningMs: 60_000, totalMs: 20_000 }],
];

describe("a hostile script in a managed session", { timeout: 120_000 }, () => {
  const rows = ROWS.map(([attack, ends, invocations, options]) => ({ attack, ends, invocations, options }));
  test.each(rows)("$attack", async ({ attack, ends, invocations, options }) => {
    const report = await measureCase("agentcore.ts", "hostileService", {
      argument: { attack, ...options } satisfies AgentCoreArgument,
    });
    const outcome = report.value as AgentCoreOutcome;
    expect(ends).toContain(outcome.end);
    expect(outcome.message.length).toBeLessThan(2_000);
    expect(outcome.invocations, "invocations").toBeLessThanOrEqual(invocations);
    expect(report.stderr).toBe("");
    expectBounded(report, MAX_HELD_BYTES);
  });
});
