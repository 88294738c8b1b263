import { describe, expect, test } from "vitest";
import { createWireSandbox, type WireSandbox } from "../../test/fixtures/wire-sandbox.ts";
import { createGate, echo } from "../testing/contract-tools.ts";
import { declareTool } from "../tools/declare-tool.ts";
import type { Tool } from "../tools/tool.ts";
import type { ScriptEvent, ScriptRun } from "./script-run.ts";
import { openScriptSession, type ScriptSession } from "./script-session.ts";

const CALL = { type: "call", cell: 1, id: 1, tool: "echo", input: { value: 1 } };
const BLOCKED = { type: "blocked", cell: 1, wakeInMs: null };
const DONE = { type: "done", cell: 1, returnCode: 0, droppedBytes: 0 };

interface Scene {
  readonly wire: WireSandbox;
  readonly session: ScriptSession;
  readonly run: ScriptRun;
}

async function scene(tools: readonly Tool[] = [echo], limits = {}): Promise<Scene> {
  const wire = createWireSandbox();
  const session = await openScriptSession({ sandbox: wire.sandbox, tools, limits });
  return { wire, session, run: session.run("code") };
}

/** A tool of a client: declared here, answered through the run. */
const remote = await declareTool({
  name: "remote",
  description: "Lives elsewhere.",
  inputSchema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
  allowedCallers: ["programmatic"],
});

async function nextOfType<T extends ScriptEvent["type"]>(
  events: AsyncIterator<ScriptEvent>,
  type: T,
): Promise<Extract<ScriptEvent, { type: T }>> {
  for (;;) {
    const next = (await events.next()) as IteratorResult<ScriptEvent, undefined>;
    if (next.done === true) throw new Error(`no event "${type}" came`);
    if (next.value.type === type) return next.value as Extract<ScriptEvent, { type: T }>;
  }
}

describe("ScriptSession.run() with a runner that lies [frames.host-validates]", () => {
  test.each<[string, string, object[]]>([
    ["calls a tool that is not declared", "is not declared", [{ ...CALL, id: 2, tool: "rm" }]],
    ["uses a call id a second time", "is not fresh", [CALL]],
    ["skips a call id", "is not fresh", [{ ...CALL, id: 7 }]],
    ["speaks for another cell", 'names cell "2"', [{ ...CALL, id: 2, cell: 2 }]],
    ["ends a cell that does not run", 'names cell "9"', [{ ...DONE, cell: 9 }]],
    ["sends a second greeting", "out of order", [{ type: "hello", version: 1, python: "3.9.0" }]],
    ["sends a frame of the host", "Invalid", [{ type: "result", id: 1, value: 1 }]],
  ])("fails with protocol-violation when it %s", async (_title, message, frames) => {
    const { wire, session, run } = await scene();
    wire.say(CALL, ...(frames as Record<string, unknown>[]));
    await expect(run.result).rejects.toThrow(message);
    await expect(run.result).rejects.toMatchObject({ code: "protocol-violation" });
    expect(session.alive).toBe(false);
    expect(() => session.run("again")).toThrow(expect.objectContaining({ code: "protocol-violation" }));
  });

  test("fails when a frame comes after the cell has ended", async () => {
    const { wire, session, run } = await scene();
    wire.say(DONE);
    expect((await run.result).returnCode).toBe(0);
    wire.say({ type: "output", cell: 1, stream: "stdout", text: "late" });
    await expect.poll(() => session.alive).toBe(false);
    expect(wire.closed).toBe(true);
  });

  test("fails with frame-too-large when a line does not end", async () => {
    const { wire, run } = await scene();
    wire.say("x".repeat(70_000));
    await expect(run.result).rejects.toMatchObject({ code: "frame-too-large" });
  });

  test("fails when more calls come than the budgets allow", async () => {
    const gate = createGate();
    const inFlight = await scene([gate.tool], { maxCallsInFlight: 2 });
    inFlight.wire.say(...[1, 2, 3].map((id) => ({ ...CALL, id, tool: "wait", input: {} })));
    await expect(inFlight.run.result).rejects.toThrow('more than "2" calls in flight');
    const total = await scene([echo], { maxCalls: 2 });
    total.wire.say(...[1, 2, 3].map((id) => ({ ...CALL, id })));
    await expect(total.run.result).rejects.toThrow('more than "2" calls');
  });

  test("fails when output goes on far beyond the budget, and keeps none of it", async () => {
    const { wire, run } = await scene([], { maxOutputBytes: 10 });
    for (let piece = 0; piece < 10; piece += 1) {
      wire.say({ type: "output", cell: 1, stream: "stdout", text: "é".repeat(10_000) });
    }
    await expect(run.result).rejects.toThrow("output goes on far beyond");
  });

  test("leaves another session alone", async () => {
    const [bad, good] = [await scene(), await scene()];
    bad.wire.say("\u0002wire-sandbox-marker\u0003nonsense\n");
    await expect(bad.run.result).rejects.toMatchObject({ code: "protocol-violation" });
    good.wire.say(DONE);
    expect((await good.run.result).returnCode).toBe(0);
  });
});

describe("ScriptSession.run()", () => {
  test("declares the tools once and sends them with the first cell only", async () => {
    const { wire, session, run } = await scene();
    wire.say(DONE);
    await run.result;
    session.run("second");
    await expect
      .poll(() => wire.received.map((frame) => frame["type"]))
      .toEqual(["hello", "tools", "run", "run"]);
  });

  test("rejects with sandbox-ended when the runner dies, and gives its calls up", async () => {
    const gate = createGate();
    const { wire, run } = await scene([gate.tool]);
    wire.say({ ...CALL, tool: "wait", input: {} }, BLOCKED);
    await gate.started(1);
    wire.die();
    await expect(run.result).rejects.toMatchObject({ code: "sandbox-ended" });
    expect(gate.aborted).toBe(1);
  });

  test("never runs a tool on input against its schema, and answers with the field and the reason", async () => {
    const { wire, run } = await scene();
    wire.say({ ...CALL, input: { wrong: 1 } }, BLOCKED);
    await expect.poll(() => wire.received.at(-1)).toMatchObject({ type: "error", id: 1, kind: "tool" });
    expect(wire.received.at(-1)?.["message"]).toContain("value");
    wire.say(DONE);
    await run.result;
  });

  test("hands calls of a tool without execute to the caller, who answers in any order", async () => {
    const { wire, run } = await scene([remote]);
    const events = run[Symbol.asyncIterator]();
    wire.say(...[1, 2].map((id) => ({ ...CALL, id, tool: "remote", input: { n: id } })), BLOCKED);
    const wave = await nextOfType(events, "blocked");
    expect(wave.made).toBe(2);
    expect(wave.waiting.map((call) => call.input)).toEqual([{ n: 1 }, { n: 2 }]);
    run.reject(2, "no such order");
    run.resolve(1, ["one"]);
    expect(() => run.resolve(1, "again")).toThrow(expect.objectContaining({ code: "unknown-call" }));
    expect(() => run.reject(99, "never made")).toThrow(expect.objectContaining({ code: "unknown-call" }));
    await expect
      .poll(() => wire.received.slice(3))
      .toEqual([
        { type: "error", id: 2, kind: "tool", message: "no such order" },
        { type: "result", id: 1, value: ["one"] },
      ]);
    wire.say(DONE);
    expect((await nextOfType(events, "finished")).result.stats).toMatchObject({
      calls: 2,
      waves: 1,
      maxInFlight: 2,
    });
  });

  test("ignores the answer to a call that was cancelled meanwhile", async () => {
    const gate = createGate();
    const { wire, run } = await scene([gate.tool]);
    wire.say({ ...CALL, tool: "wait", input: {} }, BLOCKED, { type: "cancel", cell: 1, id: 1 });
    await gate.started(1);
    gate.open();
    wire.say(DONE);
    await run.result;
    expect(wire.received.filter((frame) => frame["type"] === "result")).toEqual([]);
  });

  test("interrupts a cell that runs over its budget, then kills it", async () => {
    const { wire, session, run } = await scene([], { runningMs: 20, interruptGraceMs: 20 });
    const result = await run.result;
    expect(result).toMatchObject({ limit: "running-time", survived: false, returnCode: 137 });
    expect(wire.interrupts).toBe(1);
    await expect.poll(() => wire.closed).toBe(true);
    expect(session.alive).toBe(false);
  });

  test("closes itself when it is idle", async () => {
    const { wire, session, run } = await scene([], { idleMs: 30 });
    wire.say(DONE);
    await run.result;
    await expect.poll(() => wire.closed).toBe(true);
    expect(() => session.run("late")).toThrow("it was idle");
  });

  test("keeps nothing of the events when nobody reads them, and the result all the same", async () => {
    const { wire, run } = await scene();
    wire.say(CALL, BLOCKED);
    await expect.poll(() => wire.received.at(-1)).toEqual({ type: "result", id: 1, value: 1 });
    wire.say({ type: "output", cell: 1, stream: "stdout", text: "seen" }, DONE);
    expect(await run.result).toMatchObject({ stdout: "seen", returnCode: 0 });
  });
});

describe("openScriptSession()", () => {
  test.each<[string, Record<string, number>]>([
    ["a negative number", { runningMs: -1 }],
    ["a fraction", { maxCalls: 1.5 }],
    ["an unknown name", { runningSeconds: 3 }],
  ])("refuses a limit that is %s", async (_title, limits) => {
    const { sandbox } = createWireSandbox();
    await expect(openScriptSession({ sandbox, limits })).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
