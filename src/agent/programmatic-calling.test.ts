import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";

import type { ContentBlock, ModelRequest } from "../model/model.ts";
import type { ScenarioTurn } from "../model/scenario.ts";
import { scripted } from "../model/scripted/scripted.ts";
import type { Sandbox, SandboxSession } from "../sandbox/sandbox.ts";
import { wasm } from "../sandbox/wasm/wasm.ts";
import { tool } from "../tools/define-tool.ts";
import type { Tool } from "../tools/tool.ts";
import type { AgentOptions } from "./agent-options.ts";
import { createAgent } from "./create-agent.ts";

const sandbox = wasm();
afterAll(() => sandbox.close());

const getRecords = tool({
  name: "get_records",
  description: "Records of a region.",
  input: z.object({ region: z.string() }),
  output: z.array(z.object({ secret: z.string(), amount: z.number() })),
  execute: ({ region }) =>
    Array.from({ length: 50 }, (_, index) => ({ secret: `${region}-${index}`, amount: index })),
});

/** An answer that runs a script. */
function script(code: string, id = "t1"): ScenarioTurn {
  return { content: [{ type: "tool_use", id, name: "code_execution", input: { code } }] };
}

/** Runs the turns and keeps what the model was sent. */
async function runTurns(
  turns: readonly ScenarioTurn[],
  options: Partial<AgentOptions> & { tools?: readonly Tool[] } = {},
) {
  const requests: ModelRequest[] = [];
  const model = scripted((request) => {
    requests.push(structuredClone(request));
    return turns[requests.length - 1];
  });
  await using agent = createAgent({ model, sandbox, tools: [getRecords], ...options });
  const answer = await agent.run("Go");
  return { answer, requests };
}

/** The text of the first result in the last message of a request, and whether it is an error. */
function readResult(requests: readonly ModelRequest[], index: number, position = 0) {
  const content = requests[index]?.messages.at(-1)?.content as readonly ContentBlock[];
  const block = content[position];
  return { text: String(block?.["content"]), isError: block?.["is_error"] === true };
}

describe("createAgent() with programmatic calling", () => {
  test("runs a script over tools and gives the model only what it printed [agent.two-samples]", async () => {
    const code = `import asyncio
parts = await asyncio.gather(*[get_records(region=r) for r in ("north", "south")])
print(sum(row["amount"] for rows in parts for row in rows))`;
    const { answer, requests } = await runTurns([script(code), { content: "2,450." }]);
    expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(["code_execution"]);
    expect(readResult(requests, 1)).toEqual({ text: "2450\n", isError: false });
    expect(JSON.stringify(requests)).not.toContain("north-1");
    expect(answer).toMatchObject({
      text: "2,450.",
      stopReason: "end_turn",
      samples: 2,
      cells: 1,
      toolCalls: 2,
      maxInFlight: 2,
      scripted: true,
    });
    const resultBytes = 2 * JSON.stringify(await getRecords.execute?.({ region: "north" }, never())).length;
    expect(answer.keptOutBytes).toBe(resultBytes - "2450\n".length);
    expect(answer.events.map(({ type }) => type)).toMatchInlineSnapshot(`
      [
        "sample-started",
        "sample-finished",
        "session-opened",
        "cell-started",
        "tool-call",
        "tool-call",
        "tool-result",
        "tool-result",
        "output",
        "cell-finished",
        "sample-started",
        "sample-finished",
      ]
    `);
  });

  test("keeps variables from script to script", async () => {
    const { requests } = await runTurns([script("kept = 41"), script("print(kept + 1)"), { content: "42" }]);
    expect(readResult(requests, 2).text).toBe("42\n");
  });

  test("gives the model the traceback of a script that fails, and runs the better one [agent.traceback-returns]", async () => {
    const { answer, requests } = await runTurns([
      script('rows = await get_records(region="north")\nprint(rows[0]["total"])'),
      script('print(rows[1]["amount"])'),
      { content: "1" },
    ]);
    const first = readResult(requests, 1);
    expect(first.isError).toBe(true);
    expect(first.text).toContain("KeyError: 'total'");
    expect(first.text).toContain("line 2");
    expect(readResult(requests, 2)).toEqual({ text: "1\n", isError: false });
    expect(answer).toMatchObject({ stopReason: "end_turn", cells: 2 });
  });

  test("never runs a script that was cut off, tells the model, and counts it as a script [agent.truncated-code]", async () => {
    let runs = 0;
    const counted = tool({
      name: "counted",
      description: "Counts its runs.",
      input: z.object({}),
      execute: () => (runs += 1),
    });
    const cut: ScenarioTurn = { ...script("await counted()"), stop_reason: "max_tokens" };
    const { answer, requests } = await runTurns([cut, cut, cut, { content: "I cannot." }], {
      tools: [counted],
      maxCells: 2,
    });
    expect(runs).toBe(0);
    expect(readResult(requests, 1)).toEqual({
      text: expect.stringContaining("cut off at max_tokens") as string,
      isError: true,
    });
    expect(answer).toMatchObject({ stopReason: "max-cells", samples: 4, cells: 0, text: "I cannot." });
  });

  test("stops at maxCells with every tool use answered, and lets the model answer with what it has", async () => {
    const turns = [script("print(1)", "t1"), script("print(2)", "t2"), script("print(3)", "t3")];
    const { answer, requests } = await runTurns([...turns, { content: "1 and 2." }], { maxCells: 2 });
    expect(answer).toMatchObject({ stopReason: "max-cells", samples: 4, cells: 2, text: "1 and 2." });
    expect([requests[2]?.["tool_choice"], requests[3]?.["tool_choice"]]).toEqual([
      undefined,
      { type: "none" },
    ]);
    expect(answer.messages.at(-2)).toMatchObject({ content: [{ tool_use_id: "t3", is_error: true }] });
  });

  test("takes no sample beyond maxSamples for the last words, and runs no tool that they ask for", async () => {
    const turns = [script("print(1)", "t1"), script("print(2)", "t2"), script("print(3)", "t3")];
    const few = await runTurns(turns.slice(0, 2), { maxCells: 1, maxSamples: 2 });
    const all = await runTurns(turns, { maxCells: 1 });
    expect([few.answer.samples, all.answer.samples, all.answer.cells]).toEqual([2, 3, 1]);
  });

  test("tells the model what is wrong with the input of code_execution", async () => {
    const wrong: ScenarioTurn = {
      content: [{ type: "tool_use", id: "t1", name: "code_execution", input: { script: "print(1)" } }],
    };
    const { answer, requests } = await runTurns([wrong, { content: "Oh." }]);
    expect(readResult(requests, 1)).toMatchObject({ isError: true });
    expect(readResult(requests, 1).text).toContain('"code"');
    expect(answer.cells).toBe(0);
  });

  test("mixes direct and programmatic tools and enforces who may call which [agent.caller-enforced]", async () => {
    const approve = tool({
      name: "approve",
      description: "Approves a total.",
      input: z.object({ total: z.number() }),
      allowedCallers: ["direct"],
      execute: ({ total }) => `approved ${total}`,
    });
    const scriptOnly: Tool = { ...getRecords, name: "get_rows", allowedCallers: ["programmatic"] };
    const { answer, requests } = await runTurns(
      [
        {
          content: [
            { type: "tool_use", id: "a", name: "approve", input: { total: 7 } },
            { type: "tool_use", id: "b", name: "get_rows", input: { region: "north" } },
            {
              type: "tool_use",
              id: "c",
              name: "code_execution",
              input: { code: 'rows = await get_rows(region="x")\nprint(len(rows))\nawait approve(total=1)' },
            },
          ],
        },
        { content: "Done." },
      ],
      { tools: [approve, scriptOnly] },
    );
    expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(["code_execution", "approve"]);
    expect(readResult(requests, 1, 0)).toEqual({ text: "approved 7", isError: false });
    expect(readResult(requests, 1, 1).text).toContain("call it from a script");
    const result = readResult(requests, 1, 2);
    expect(result.text).toContain("50\n");
    expect(result.text).toContain("NameError");
    expect(answer).toMatchObject({ toolCalls: 2, cells: 1 });
  });

  test("offers a tool for both callers to scripts alone, and carries out a direct call all the same", async () => {
    const call = { type: "tool_use", id: "t1", name: "get_records", input: { region: "east" } };
    const { answer, requests } = await runTurns([{ content: [call] }, { content: "50." }]);
    expect(requests[0]?.tools).toHaveLength(1);
    expect(readResult(requests, 1).text).toContain("east-49");
    expect(answer).toMatchObject({ cells: 0, toolCalls: 1, keptOutBytes: 0 });
  });

  test("opens a fresh interpreter after one was killed and says that variables are lost", async () => {
    const stubborn = `kept = 1
while True:
    try:
        while True: pass
    except BaseException: pass`;
    const { answer, requests } = await runTurns(
      [script(stubborn), script("print('kept' in globals())"), { content: "Gone." }],
      { limits: { runningMs: 300, interruptGraceMs: 300 } },
    );
    expect(readResult(requests, 1)).toMatchObject({ isError: true });
    expect(readResult(requests, 1).text).toContain("all variables are lost");
    expect(readResult(requests, 2).text).toMatch(/^<notice>.*started anew.*<\/notice>\nFalse\n$/);
    expect(answer.events.filter(({ type }) => type === "session-opened")).toHaveLength(2);
  });

  test("goes on in a fresh session when a session ends under a script", async () => {
    const sessions: SandboxSession[] = [];
    const watched: Sandbox = {
      name: "watched",
      async open(options) {
        const session = await sandbox.open(options);
        sessions.push(session);
        return session;
      },
      close: () => Promise.resolve(),
    };
    const cut = tool({
      name: "cut",
      description: "Ends the interpreter that waits for it.",
      input: z.object({}),
      execute: async () => {
        await sessions[0]?.close();
      },
    });
    const { answer, requests } = await runTurns(
      [script("await cut()"), script("print(1)"), { content: "1" }],
      { sandbox: watched, tools: [cut] },
    );
    expect(readResult(requests, 1)).toMatchObject({ isError: true });
    expect(readResult(requests, 1).text).toContain("all variables are lost");
    expect(readResult(requests, 2).text).toMatch(/started anew.*\n1\n$/);
    expect(answer.events).toContainEqual(expect.objectContaining({ type: "cell-finished", result: null }));
  });

  test("opens no sandbox when the model answers without a script", async () => {
    const closed: Sandbox = {
      name: "none",
      open: () => Promise.reject(new Error("opened")),
      close: () => Promise.resolve(),
    };
    const { answer } = await runTurns([{ content: "I know." }], { sandbox: closed });
    expect(answer).toMatchObject({ text: "I know.", cells: 0, sandboxMs: 0 });
  });

  test("throws the sandbox's own failure to start", async () => {
    const broken: Sandbox = {
      name: "broken",
      open: () => Promise.reject(new Error("No Deno here")),
      close: () => Promise.resolve(),
    };
    await expect(runTurns([script("print(1)")], { sandbox: broken })).rejects.toThrow("No Deno here");
  });
});

describe("Agent.run() with a script under way", () => {
  test("aborts tool and script and closes the session when its signal is aborted", async () => {
    const closings: string[] = [];
    const watched: Sandbox = {
      name: "watched",
      async open(options) {
        const session = await sandbox.open(options);
        return {
          ...session,
          close: async () => {
            await session.close();
            closings.push(session.id);
          },
        };
      },
      close: () => Promise.resolve(),
    };
    const abort = new AbortController();
    let toolAborted = false;
    const hang = tool({
      name: "hang",
      description: "Never returns.",
      input: z.object({}),
      execute: (_, { signal }) => {
        signal.addEventListener("abort", () => (toolAborted = true));
        abort.abort();
        return new Promise<void>(() => {});
      },
    });
    const model = scripted([script("await hang()")]);
    await using agent = createAgent({ model, sandbox: watched, tools: [hang] });
    await expect(agent.run("Go", { signal: abort.signal })).rejects.toMatchObject({ code: "aborted" });
    expect(toolAborted).toBe(true);
    expect(closings.length).toBeGreaterThanOrEqual(1);
  });

  test("shows calls and output while the script runs", async () => {
    await using agent = createAgent({
      model: scripted([
        script('print("before")\nrows = await get_records(region="n")\nprint("after")'),
        { content: "ok" },
      ]),
      sandbox,
      tools: [getRecords],
    });
    const seen: string[] = [];
    for await (const event of agent.stream("Go")) {
      if (event.type === "output" && event.text !== "\n") seen.push(event.text.trim());
      if (event.type === "tool-call") seen.push(`${event.caller} ${event.id} ${event.tool}`);
      if (event.type === "cell-finished") seen.push(`done ${event.result?.returnCode}`);
    }
    expect(seen).toEqual(["before", "programmatic cell-1/1 get_records", "after", "done 0"]);
  });
});

/** A context for calling `execute` by hand. */
function never() {
  return { signal: new AbortController().signal, callId: "test" };
}
