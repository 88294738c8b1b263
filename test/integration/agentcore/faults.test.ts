/**
 * What can go wrong between host and interpreter: nothing runs twice, nothing is delivered twice, no session stays open.
 */
import * as z from "zod";
import { describe, expect, test } from "vitest";
import type { AgentCoreFault } from "../../../src/emulator/agentcore-emulator.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { Tool } from "../../../src/tools/tool.ts";
import { echo } from "../../../src/testing/contract-tools.ts";
import { type Emulated, emulate } from "./emulated.ts";

/** Two dependent waves of ten; the script counts its own runs in the session's folder. */
const WAVES = `import asyncio, os
with open("runs", "a") as file: file.write("x")
first = await asyncio.gather(*[note(value=i) for i in range(10)])
second = await asyncio.gather(*[note(value=100 + i) for i in first])
print(sum(second), os.path.getsize("runs"))`;

/** A tool that remembers its calls. */
function createNote(): { tool: Tool; calls: number[] } {
  const calls: number[] = [];
  const note = tool({
    name: "note",
    description: "Remembers and returns its value.",
    input: z.object({ value: z.int() }),
    execute: async ({ value }) => {
      calls.push(value);
      return value;
    },
  });
  return { tool: note, calls };
}

const EACH_ONCE = Array.from({ length: 10 }, (_, index) => [index, 100 + index])
  .flat()
  .toSorted((a, b) => a - b);

async function runWaves(emulated: Emulated): Promise<{ calls: number[]; stdout: string; stderr: string }> {
  const note = createNote();
  const session = await emulated.open({ tools: [note.tool] });
  const { stdout, stderr } = await session.run(WAVES).result;
  return { calls: note.calls.toSorted((a, b) => a - b), stdout, stderr };
}

const FAULTS: readonly (readonly [title: string, fault: AgentCoreFault])[] = [
  ["throttled", { kind: "throttled" }],
  ["throttled with a wish to wait", { kind: "throttled", retryAfterSeconds: 0.2 }],
  ["a conflict", { kind: "conflict" }],
  ["500 before the code ran", { kind: "internal" }],
  ["503", { kind: "unavailable" }],
  ["500 after the code ran", { kind: "internal-after-run" }],
  [
    "an exception in the stream, after the code ran",
    { kind: "stream-exception-after-run", exception: "throttlingException" },
  ],
  ["the connection cut before", { kind: "cut-before" }],
  ["the connection cut after the code ran", { kind: "cut-after" }],
  ["the connection cut in the answer", { kind: "cut-answer" }],
  ["an event stream that ends early", { kind: "short-answer" }],
  ["an answer that was cut off", { kind: "truncated-output" }],
  ["an answer that is not ours", { kind: "foreign-output", stdout: "hello from somebody else\n" }],
  ["an empty answer", { kind: "foreign-output", stdout: "" }],
];

describe("agentcore() with faults", () => {
  test.each(FAULTS)(
    "each tool call executed exactly once when every invocation meets %s at first",
    async (_title, fault) => {
      await using emulated = await emulate();
      // Request 0 is the start; then each invocation fails and is repeated.
      emulated.emulator.fault(fault, { times: "always", when: ({ index }) => index % 2 === 1 });
      const { calls, stdout, stderr } = await runWaves(emulated);
      expect({ calls, stdout, stderr }).toEqual({ calls: EACH_ONCE, stdout: "1045 1\n", stderr: "" });
      expect(emulated.emulator.counts.invoke).toBe(6);
      expect(emulated.sandbox.stats().retries).toBe(3);
    },
  );

  test.each(["internal-after-run", "cut-after", "throttled"] as const)(
    "open() starts one session only when the answer to the start meets %s",
    async (kind) => {
      await using emulated = await emulate();
      emulated.emulator.fault({ kind }, { operation: "start" });
      const session = await emulated.open();
      expect((await session.run("print(1)").result).stdout).toBe("1\n");
      await session.close();
      expect(emulated.emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
      expect(emulated.emulator.counts).toMatchObject({ start: 2, stop: 1 });
    },
  );

  test.each([
    ["agentcore-throttled", { kind: "throttled" }],
    ["agentcore-quota", { kind: "quota" }],
    ["agentcore-access", { kind: "access-denied" }],
    ["agentcore-failed", { kind: "internal" }],
    ["agentcore-answer", { kind: "cut-answer" }],
    ["agentcore-answer", { kind: "truncated-output" }],
    ["agentcore-answer", { kind: "foreign-output", stdout: "x" }],
    ["agentcore-session-lost", { kind: "session-gone" }],
    ["agentcore-session-lost", { kind: "kernel-restart" }],
  ] as const)(
    "the run rejects with %s when the fault %o stays, and the session is stopped",
    async (code, fault) => {
      await using emulated = await emulate({ maxAttempts: 2 });
      const note = createNote();
      const session = await emulated.open({ tools: [note.tool] });
      // From the second invocation on: the script is in its first wave.
      emulated.emulator.fault(fault, { times: "always", when: ({ index }) => index >= 2 });
      await expect(session.run(WAVES).result).rejects.toMatchObject({ name: "ToolscriptError", code });
      expect(note.calls).toHaveLength(10);
      expect(session.alive).toBe(false);
      emulated.emulator.clearFaults();
      await session.close();
      expect(emulated.emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
    },
  );

  test("a script that kills its interpreter is not run again when the first exchange is repeated", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ tools: [echo] });
    const run = session.run("import os\nopen('ran', 'a').write('x')\nos._exit(1)");
    await expect(run.result).rejects.toMatchObject({
      code: "agentcore-session-lost",
      data: { reason: "kernel-restarted" },
    });
    expect(emulated.emulator.counts.invoke).toBe(2);
  });

  test("a session that expires in mid-script is agentcore-session-lost", async () => {
    await using emulated = await emulate({ sessionTimeoutSeconds: 1 });
    const session = await emulated.open({ tools: [echo] });
    const run = session.run(
      "import asyncio\nwhile True:\n    await echo(value=1)\n    await asyncio.sleep(0.2)",
    );
    await expect(run.result).rejects.toMatchObject({ code: "agentcore-session-lost" });
    expect(session.alive).toBe(false);
  });

  test("close() succeeds when the session is gone already", async () => {
    await using emulated = await emulate();
    const session = await emulated.open();
    emulated.emulator.fault({ kind: "not-found" }, { operation: "stop" });
    await session.close();
    expect(emulated.sandbox.stats()).toMatchObject({ open: 0, started: 1, stopped: 1 });
    await emulated.emulator[Symbol.asyncDispose]();
  });

  test("close() tries again when stopping fails for the moment", async () => {
    await using emulated = await emulate();
    const session = await emulated.open();
    emulated.emulator.fault({ kind: "throttled" }, { operation: "stop" });
    await session.close();
    expect(emulated.emulator.counts.stop).toBe(2);
    expect(emulated.emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
  });
});
