/**
 * Sessions begin, are counted, and end: by their owner, with the process, and in a pool.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { startAgentCoreEmulator } from "../../../src/emulator/agentcore-emulator.ts";
import { type AgentCoreEvent, agentcore } from "../../../src/sandbox/agentcore/agentcore.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import { echo } from "../../../src/testing/contract-tools.ts";
import { clientOptions, emulate } from "./emulated.ts";

const LEAVER = fileURLToPath(new URL("../../fixtures/agentcore-leaver.ts", import.meta.url));

describe("agentcore() sessions", () => {
  test("stats() and events count sessions, seconds and invocations", async () => {
    const events: AgentCoreEvent[] = [];
    await using emulated = await emulate({ onEvent: (event) => events.push(event) });
    const session = await emulated.open({ tools: [echo] });
    emulated.emulator.fault({ kind: "throttled" });
    await session.run("await echo(value=1)").result;
    await session.close();
    expect(events.map(({ type }) => type)).toEqual([
      "session-started",
      "retry",
      "invocation",
      "invocation",
      "session-stopped",
    ]);
    expect(events.at(2)).toMatchObject({ sequence: 1, attempts: 2 });
    expect(events.at(-1)).toMatchObject({
      sessionId: session.id,
      invocations: 3,
      seconds: expect.any(Number) as number,
    });
    expect(emulated.sandbox.stats()).toMatchObject({
      open: 0,
      started: 1,
      stopped: 1,
      invocations: 3,
      retries: 1,
    });
    expect(emulated.sandbox.stats().sessionSeconds).toBeGreaterThan(0);
  });

  test("invocations of all sessions keep the account's rate, and nothing is throttled", async () => {
    const emulator = await startAgentCoreEmulator({ requestsPerSecond: 16 });
    const options = { ...clientOptions(emulator), invocationsPerSecond: 16 };
    const [one, two] = [agentcore(options), agentcore(options)];
    const startedAt = performance.now();
    const work = [one, two].map(async (sandbox) => {
      await using session = await openScriptSession({ sandbox, tools: [echo] });
      return (await session.run("for i in range(11): await echo(value=i)\nprint(i)").result).stdout;
    });
    expect(await Promise.all(work)).toEqual(["10\n", "10\n"]);
    // 24 invocations: 8 at once, the others 16 a second. Never faster, however slow the machine is.
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(emulator.requests.filter(({ status }) => status === 429)).toEqual([]);
    await Promise.all([one.close(), two.close(), emulator.close()]);
  });

  test("a pool keeps sessions installed, hands each out once, and leaves none", async () => {
    await using emulated = await emulate({ pool: { size: 1 } });
    const first = await emulated.open({ tools: [echo] });
    expect(first.python).toMatch(/^3\./);
    emulated.emulator.clearRequests();
    expect((await first.run("print(await echo(value=1))").result).stdout).toBe("1\n");
    const second = await emulated.open();
    expect(second.id).not.toBe(first.id);
    await emulated.sandbox.close();
    expect(emulated.sandbox.stats().open).toBe(0);
  });

  test.each([
    ["SIGTERM", "signal"],
    ["SIGINT", "signal"],
    ["nothing left to do", "idle"],
  ])("a process that ends by %s stops its session", async (how, mode) => {
    await using emulator = await startAgentCoreEmulator();
    const child = spawn(process.execPath, [LEAVER, emulator.url, mode], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    await once(child.stdout, "data");
    if (mode === "signal") child.kill(how as NodeJS.Signals);
    const [code, signal] = (await exited) as [number | null, string | null];
    expect(mode === "signal" ? signal : code).toBe(mode === "signal" ? how : 0);
    expect(emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
    expect(emulator.counts).toMatchObject({ start: 1, stop: 1 });
  });
});
