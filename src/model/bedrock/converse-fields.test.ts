/** Every field of a request over Converse: carried, refused by its name, or left out with a notice. */
import { describe, expect, test } from "vitest";
import { runAtOnce } from "../../turn-share.ts";
import type { ModelRequest } from "../model.ts";
import type { ConverseContextOptions } from "./converse-context.ts";
import { toConverseRequest } from "./converse-request.ts";

const QWEN = "qwen.qwen3-coder-480b-a35b-v1:0";
const NOVA = "us.amazon.nova-pro-v1:0";
const CLAUDE = "us.anthropic.claude-sonnet-5";
const UNKNOWN = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc";
const BASE: ModelRequest = { max_tokens: 1, messages: [{ role: "user", content: "x" }] };
const LOOK = { name: "look", input_schema: { type: "object" } };
const MARK = { cache_control: { type: "ephemeral" } };

function translate(changes: object, modelId = QWEN, options: ConverseContextOptions = {}) {
  const dropped: string[] = [];
  const drop = (field: string): void => void dropped.push(field);
  const input = runAtOnce(toConverseRequest({ ...BASE, ...changes }, modelId, {}, { drop, ...options }));
  return { input, dropped };
}

/** A message of the user with one block. */
const said = (block: object): object => ({ messages: [{ role: "user", content: [block] }] });

const ASKED_FOR: readonly [string, object, string][] = [
  ["thinking", { thinking: { type: "enabled", budget_tokens: 1024 } }, "thinking"],
  ["adaptive thinking", { thinking: { type: "adaptive" } }, "thinking"],
  ["context management", { context_management: { edits: [{ type: "x" }] } }, "context_management"],
  ["MCP servers", { mcp_servers: [{ name: "m" }] }, "mcp_servers"],
  ["a field of tomorrow", { tomorrow: 1 }, "tomorrow"],
  ["a guardrail", { "amazon-bedrock-guardrailConfig": { tagSuffix: "a" } }, "amazon-bedrock-guardrailConfig"],
  ["another format", { output_config: { format: { type: "regex" } } }, "output_config.format"],
  ["another output setting", { output_config: { task_budget: 5 } }, "output_config.task_budget"],
  [
    "one call at a time",
    { tools: [LOOK], tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    "tool_choice.disable_parallel_tool_use",
  ],
  [
    "a choice of tomorrow",
    { tools: [LOOK], tool_choice: { type: "auto", tomorrow: 1 } },
    "tool_choice.tomorrow",
  ],
  [
    "a tool for scripts",
    { tools: [{ ...LOOK, allowed_callers: ["code_execution_20260120"] }] },
    "tools.0.allowed_callers",
  ],
  ["a tool's field of tomorrow", { tools: [{ ...LOOK, tomorrow: 1 }] }, "tools.0.tomorrow"],
  [
    "a block's field of tomorrow",
    said({ type: "text", text: "x", tomorrow: 1 }),
    "messages.0.content.0.tomorrow",
  ],
  [
    "a field in a result",
    said({ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "x", tomorrow: 1 }] }),
    "messages.0.content.0.content.0.tomorrow",
  ],
  ["a message's field", { messages: [{ role: "user", content: "x", tomorrow: 1 }] }, "messages.0.tomorrow"],
  ["a system block's field", { system: [{ type: "text", text: "x", citations: [1] }] }, "system.0.citations"],
  ["a stop sequence that is empty", { stop_sequences: ["a", ""] }, "stop_sequences"],
  ["too many stop sequences", { stop_sequences: Array.from({ length: 2501 }, String) }, "stop_sequences"],
  ["stop sequences that are no texts", { stop_sequences: [1] }, "stop_sequences"],
  ["a temperature that is no number", { temperature: "0.5" }, "temperature"],
  ["a top_k that is no number", { top_k: "5" }, "top_k"],
];

describe("toConverseRequest()", () => {
  test.each(ASKED_FOR)("refuses %s by its name", (_what, changes, path) => {
    expect(() => translate(changes)).toThrow(
      expect.objectContaining({
        code: "model-request",
        message: expect.stringContaining(`at "${path}"`) as unknown,
      }),
    );
  });

  test.each(ASKED_FOR)("leaves %s out with a notice when the operator wants that", (_what, changes, path) => {
    expect(translate(changes, QWEN, { unsupported: "drop" }).dropped).toContain(path);
  });

  test.each([
    ["fast mode", { speed: "fast" }, ["speed"]],
    ["a container", { container: "c" }, ["container"]],
    ["a service tier", { service_tier: "standard_only" }, ["service_tier"]],
    ["fallbacks", { fallbacks: [{ model: "m" }] }, ["fallbacks"]],
    ["thinking that is off", { thinking: { type: "disabled" } }, ["thinking"]],
    ["betas", { betas: ["a"], anthropic_beta: ["b"] }, ["anthropic_beta"]],
    ["a user's name in JSON", { metadata: { user_id: '{"a":1}' } }, ["metadata.user_id"]],
    ["a deferred tool", { tools: [{ ...LOOK, defer_loading: true }] }, ["tools.0.defer_loading"]],
    [
      "streamed inputs",
      { tools: [{ ...LOOK, eager_input_streaming: true }] },
      ["tools.0.eager_input_streaming"],
    ],
    ["markers", { system: [{ type: "text", text: "x", ...MARK }], ...MARK }, ["cache_control"]],
  ])("leaves %s out with one notice", (_what, changes, fields) => {
    expect(translate(changes).dropped).toEqual(fields);
  });

  test("says nothing of what asks for nothing", () => {
    const nothing = {
      thinking: null,
      context_management: { edits: [] },
      mcp_servers: [],
      metadata: { user_id: null },
      tomorrow: null,
      stop_sequences: [],
      output_config: {},
      temperature: null,
      model: "m",
      stream: true,
      tools: [{ ...LOOK, allowed_callers: ["direct"], defer_loading: false, input_examples: [] }],
      messages: [
        { role: "user", content: [{ type: "text", text: "x", citations: null, cache_control: null }] },
      ],
    };
    const { input, dropped } = translate(nothing);
    expect(dropped).toEqual([]);
    expect(Object.keys(input).toSorted()).toEqual(["inferenceConfig", "messages", "modelId", "toolConfig"]);
  });

  test("carries the user's name, and examples of a tool in its description", () => {
    const { input } = translate({
      metadata: { user_id: "user-42" },
      tools: [
        { ...LOOK, description: "Looks.", input_examples: [{ where: "here" }, {}] },
        { ...LOOK, name: "bare", input_examples: [{ a: 1 }] },
      ],
    });
    expect(input.requestMetadata).toEqual({ user_id: "user-42" });
    expect(input.toolConfig?.tools?.map((tool) => tool.toolSpec?.description)).toEqual([
      'Looks.\n\nExamples of its input:\n{"where":"here"}\n{}',
      'Examples of its input:\n{"a":1}',
    ]);
  });

  test("offers none of the tools when none may be called", () => {
    const use = { type: "tool_use", id: "t", name: "look", input: {} };
    const result = { type: "tool_result", tool_use_id: "t", content: "seen" };
    const { input } = translate({
      tools: [LOOK, { ...LOOK, name: "other" }],
      tool_choice: { type: "none" },
      messages: [
        { role: "user", content: "x" },
        { role: "assistant", content: [use] },
        { role: "user", content: [result] },
      ],
    });
    expect(input.toolConfig).toEqual({
      tools: [
        {
          toolSpec: {
            name: "look",
            description: "Used earlier in this conversation; not available any more.",
            inputSchema: { json: { type: "object" } },
          },
        },
      ],
    });
  });

  const EVERYWHERE = {
    system: [{ type: "text", text: "s", ...MARK }],
    tools: [{ ...LOOK, ...MARK }],
    messages: [
      { role: "user", content: [{ type: "text", text: "x", ...MARK }] },
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "look", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "y", ...MARK }] }],
      },
    ],
  };
  test.each([
    [CLAUDE, 4, []],
    [UNKNOWN, 4, []],
    [NOVA, 2, ["cache_control"]],
    [QWEN, 0, ["cache_control"]],
  ])("sets cache points where %s takes them", (modelId, points, fields) => {
    const { input, dropped } = translate(EVERYWHERE, modelId);
    expect(JSON.stringify(input).split('"cachePoint"')).toHaveLength(points + 1);
    expect(dropped).toEqual(fields);
  });

  test("caches up to the last block when the whole request is marked, once", () => {
    const cachePoint = { type: "default", ttl: "1h" };
    const { input } = translate({ cache_control: { type: "ephemeral", ttl: "1h", scope: "global" } }, CLAUDE);
    expect(input.messages).toEqual([{ role: "user", content: [{ text: "x" }, { cachePoint }] }]);
    const marked = said({ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } });
    expect(translate({ ...marked, ...MARK }, CLAUDE).input.messages).toEqual(input.messages);
  });

  test("refuses a lifetime of a cache that Bedrock does not know", () => {
    const marked = said({ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "2h" } });
    expect(() => translate(marked, CLAUDE)).toThrow(/"2h" at "messages.0.content.0.cache_control.ttl"/);
  });
});

describe("documents over Converse", () => {
  const pdf = (title?: string): object => ({
    type: "document",
    ...(title === undefined ? {} : { title }),
    source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
  });
  const namesOf = (content: readonly object[]): unknown[] =>
    [
      ...JSON.stringify(translate({ messages: [{ role: "user", content }] }).input).matchAll(
        /"name":"([^"]*)"/g,
      ),
    ].map(([, name]) => name);

  test("have names that differ, also when cleaning makes them alike, and in results", () => {
    const result = { type: "tool_result", tool_use_id: "t", content: [pdf("a_b.pdf"), pdf("会議.pdf")] };
    const calls = [
      pdf("a_b.pdf"),
      pdf("a b.pdf"),
      pdf("A b pdf"),
      pdf(),
      pdf("x".repeat(300)),
      pdf("x".repeat(301)),
    ];
    const names = namesOf([...calls, result]).filter((name) => name !== "earlier_tool");
    expect(new Set(names.map((name) => String(name).toLowerCase())).size).toBe(8);
    expect(names[0]).toBe("a b pdf");
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9()[\]-]+( [a-zA-Z0-9()[\]-]+)*$/);
    for (const name of names) expect(String(name).length).toBeLessThanOrEqual(200);
  });

  test("keep their names when the conversation goes on", () => {
    const first = [pdf("m.pdf"), pdf("m.pdf")];
    expect(namesOf([...first, pdf("m.pdf")]).slice(0, 2)).toEqual(namesOf(first));
  });

  test("and search results ask for citations", () => {
    const citations = { enabled: true };
    const found = {
      type: "search_result",
      source: "s",
      title: "t",
      content: [{ type: "text", text: "f" }],
      citations,
    };
    const { input } = translate({
      messages: [{ role: "user", content: [{ ...pdf("m"), citations }, found] }],
    });
    expect(input.messages?.[0]?.content).toMatchObject([
      { document: { citations } },
      { searchResult: { citations } },
    ]);
  });
});
