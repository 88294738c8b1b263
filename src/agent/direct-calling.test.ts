import { describe, expect, test } from "vitest";
import * as z from "zod";

import type { ContentBlock, ModelRequest } from "../model/model.ts";
import type { ScenarioTurn } from "../model/scenario.ts";
import { scripted } from "../model/scripted/scripted.ts";
import { tool } from "../tools/define-tool.ts";
import type { Tool } from "../tools/tool.ts";
import type { AgentOptions } from "./agent-options.ts";
import { createAgent } from "./create-agent.ts";

const double = tool({
  name: "double",
  description: "Doubles a number.",
  input: z.object({ value: z.number() }),
  execute: ({ value }) => value * 2,
});

/** A `tool_use` block. */
function use(id: string, name: string, input: Record<string, unknown>): ContentBlock {
  return { type: "tool_use", id, name, input };
}

/** Runs the turns against the tools and keeps what the model was sent. */
async function runTurns(
  turns: readonly ScenarioTurn[],
  tools: readonly Tool[],
  options: Partial<AgentOptions> = {},
) {
  const requests: ModelRequest[] = [];
  const model = scripted((request) => {
    requests.push(structuredClone(request));
    return turns[requests.length - 1];
  });
  await using agent = createAgent({ model, tools, calling: "direct", ...options });
  const answer = await agent.run("Go");
  return { answer, requests };
}

/** The content of the last message of a request. */
function lastContent(requests: readonly ModelRequest[], index: number) {
  return requests[index]?.messages.at(-1)?.content;
}

describe("createAgent() with direct calling", () => {
  test("offers the tools themselves and runs what the model asks for", async () => {
    const { answer, requests } = await runTurns(
      [{ content: [use("t1", "double", { value: 21 })] }, { content: "It is 42." }],
      [double],
    );
    expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(["double"]);
    expect(lastContent(requests, 1)).toEqual([{ type: "tool_result", tool_use_id: "t1", content: "42" }]);
    expect(answer).toMatchObject({
      text: "It is 42.",
      stopReason: "end_turn",
      samples: 2,
      cells: 0,
      toolCalls: 1,
      maxInFlight: 1,
      keptOutBytes: 0,
      sandboxMs: 0,
      scripted: true,
    });
    expect(answer.events.map(({ type }) => type)).toEqual([
      "sample-started",
      "sample-finished",
      "tool-call",
      "tool-result",
      "sample-started",
      "sample-finished",
    ]);
  });

  test("runs the calls of one sample at the same time and answers them in their order", async () => {
    const waiting: (() => void)[] = [];
    const meet = tool({
      name: "meet",
      description: "Returns once three are there.",
      input: z.object({ who: z.string() }),
      async execute({ who }) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.unshift(resolve);
        if (waiting.length === 3) for (const wake of waiting) wake();
        await promise;
        return who;
      },
    });
    const calls = ["a", "b", "c"].map((who) => use(`t-${who}`, "meet", { who }));
    const { answer, requests } = await runTurns([{ content: calls }, { content: "met" }], [meet]);
    expect(answer.maxInFlight).toBe(3);
    expect(lastContent(requests, 1)).toMatchObject([
      { tool_use_id: "t-a", content: "a" },
      { tool_use_id: "t-b", content: "b" },
      { tool_use_id: "t-c", content: "c" },
    ]);
  });

  test("tells the model what is wrong with a call and does not run it", async () => {
    let runs = 0;
    const counted = tool({
      name: "counted",
      description: "Counts its runs.",
      input: z.object({ value: z.number() }),
      execute: () => (runs += 1),
    });
    const scriptOnly = tool({
      name: "script_only",
      description: "For scripts.",
      input: z.object({}),
      allowedCallers: ["programmatic"],
      execute: () => (runs += 1),
    });
    const { answer, requests } = await runTurns(
      [
        {
          content: [
            use("t1", "counted", { value: "x" }),
            use("t2", "script_only", {}),
            use("t3", "nothing", {}),
            use("t4", "code_execution", { code: "print(1)" }),
          ],
        },
        { content: "I see." },
      ],
      [counted, scriptOnly],
    );
    expect(runs).toBe(0);
    expect(answer.toolCalls).toBe(0);
    const results = lastContent(requests, 1) as readonly ContentBlock[];
    expect(results.map((block) => block["is_error"])).toEqual([true, true, true, true]);
    expect(results[0]?.["content"]).toContain("value");
    expect(results[1]?.["content"]).toBe('Tool "script_only" must not be called directly');
    expect(results[2]?.["content"]).toBe('No tool is named "nothing"');
    expect(results[3]?.["content"]).toBe('No tool is named "code_execution"');
  });

  test("gives the model the message of a tool that fails, never returns or returns no data", async () => {
    const input = z.object({});
    const tools = [
      tool({
        name: "fails",
        description: "Fails.",
        input,
        execute: () => {
          throw new Error("The ledger is closed");
        },
      }),
      tool({
        name: "hangs",
        description: "Never returns.",
        input,
        timeoutMs: 20,
        execute: () => new Promise<void>(() => {}),
      }),
      tool({ name: "bad", description: "No data.", input, execute: () => new Map() }),
    ];
    const { answer, requests } = await runTurns(
      [{ content: tools.map(({ name }) => use(name, name, {})) }, { content: "Sorry." }],
      tools,
    );
    expect(lastContent(requests, 1)).toMatchObject([
      { is_error: true, content: "The ledger is closed" },
      { is_error: true, content: 'Tool "hangs" timed out: no result within "20" ms' },
      { is_error: true, content: expect.stringContaining("Map") as string },
    ]);
    const errors = answer.events.filter(({ type }) => type === "tool-result");
    expect(errors.every((event) => "error" in event)).toBe(true);
  });

  test("asks for one tool at a time when parallelToolUse is false", async () => {
    const { requests } = await runTurns([{ content: "Hi" }], [double], { parallelToolUse: false });
    expect(requests[0]?.["tool_choice"]).toEqual({ type: "auto", disable_parallel_tool_use: true });
  });

  test("stops with the model's own reason when it refuses or runs out of room", async () => {
    const asked = [use("t1", "double", { value: 1 })];
    for (const reason of ["refusal", "model_context_window_exceeded"]) {
      const { answer } = await runTurns([{ content: asked, stop_reason: reason }], [double]);
      expect(answer).toMatchObject({ stopReason: reason, samples: 1, toolCalls: 0 });
    }
    const { answer } = await runTurns([{ content: "Half a", stop_reason: "max_tokens" }], [double]);
    expect(answer).toMatchObject({ stopReason: "max_tokens", text: "Half a" });
  });

  test("sends a paused answer back as it is and goes on", async () => {
    const { answer, requests } = await runTurns(
      [{ content: "Let me ", stop_reason: "pause_turn" }, { content: "see." }],
      [double],
    );
    expect(requests[1]?.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(answer).toMatchObject({ text: "Let me see.", stopReason: "end_turn", samples: 2 });
  });

  test("stops at maxSamples with an answer, not with an exception", async () => {
    const again = { content: [use("t1", "double", { value: 1 })] };
    const { answer } = await runTurns([again, again, again], [double], { maxSamples: 2 });
    expect(answer).toMatchObject({ stopReason: "max-samples", samples: 2, toolCalls: 2, text: "" });
  });

  test("passes the system text and the token limit on", async () => {
    const { requests } = await runTurns([{ content: "Hi" }], [double], {
      system: "Be brief.",
      maxTokens: 77,
    });
    expect(requests[0]).toMatchObject({ system: "Be brief.", max_tokens: 77 });
  });

  test("sums the tokens by kind", async () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 2,
    };
    const { answer } = await runTurns(
      [
        { content: [use("t1", "double", { value: 1 })], usage },
        { content: "2", usage },
      ],
      [double],
    );
    expect(answer.tokens).toEqual({ input: 20, output: 10, cacheRead: 6, cacheWrite: 4 });
  });
});

describe("createAgent()", () => {
  const model = scripted([]);

  test("refuses options that cannot work", () => {
    const scriptOnly: Tool = { ...double, allowedCallers: ["programmatic"] };
    const refuse = (options: Partial<AgentOptions>) => () =>
      createAgent({ model, tools: [double], calling: "direct", ...options });
    expect(refuse({ tools: [scriptOnly] })).toThrow('no tool has "direct"');
    expect(refuse({ calling: "programmatic" })).toThrow('"sandbox"');
    expect(refuse({ tools: [double, { ...double }] })).toThrow('two tools are named "double"');
    expect(refuse({ tools: [{ ...double, name: "code_execution" }] })).toThrow("is taken");
    expect(refuse({ tools: [{ ...double, execute: undefined }] })).toThrow("has no execute");
    expect(refuse({ maxSamples: 0 })).toThrow('"maxSamples"');
  });
});

describe("Agent.stream()", () => {
  test("shows deltas as they come and ends with the answer", async () => {
    await using agent = createAgent({
      model: scripted([{ content: "Hello there" }]),
      tools: [double],
      calling: "direct",
    });
    const types: string[] = [];
    let text = "";
    for await (const event of agent.stream("Go")) {
      types.push(event.type);
      if (event.type === "text-delta") text += event.text;
    }
    expect(text).toBe("Hello there");
    expect(types.at(0)).toBe("sample-started");
    expect(types.slice(-2)).toEqual(["sample-finished", "answer"]);
  });

  test("gives up the tools under way when the reader leaves", async () => {
    let aborted = false;
    const hang = tool({
      name: "hang",
      description: "Waits for its signal.",
      input: z.object({}),
      execute: (_, { signal }) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            reject(new Error("given up"));
          });
        }),
    });
    await using agent = createAgent({
      model: scripted([{ content: [use("t1", "hang", {})] }]),
      tools: [hang],
      calling: "direct",
    });
    for await (const event of agent.stream("Go")) if (event.type === "tool-call") break;
    expect(aborted).toBe(true);
  });
});

describe("Agent.run()", () => {
  test("rejects with aborted when its signal is aborted or the agent is closed", async () => {
    const started = Promise.withResolvers<void>();
    const hang = tool({
      name: "hang",
      description: "Never returns.",
      input: z.object({}),
      execute: () => {
        started.resolve();
        return new Promise<void>(() => {});
      },
    });
    const model = scripted([{ content: [use("t1", "hang", {})] }]);
    await using agent = createAgent({ model, tools: [hang], calling: "direct" });
    const abort = new AbortController();
    const first = agent.run("Go", { signal: abort.signal });
    const second = agent.run("Go");
    await started.promise;
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: "aborted" });
    await Promise.all([expect(second).rejects.toMatchObject({ code: "aborted" }), agent.close()]);
  });
});
