import { describe, expect, test } from "vitest";
import type { ModelRequest } from "../model.ts";
import { stripRequest } from "./strip-request.ts";

const OPUS = "global.anthropic.claude-opus-4-8";
const MESSAGES: ModelRequest["messages"] = [
  { role: "user", content: "Hi" },
  {
    role: "assistant",
    content: [
      { type: "text", text: "x", parsed_output: null, cache_control: { type: "ephemeral" } },
      {
        type: "tool_use",
        id: "t",
        name: "n",
        input: { caller: "kept", container: "kept" },
        caller: { type: "direct" },
        toolset_name: "s",
      },
    ],
  },
  {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "y", parsed_output: 1 }] },
    ],
  },
];

describe("stripRequest() [model.bedrock-strip]", () => {
  test("removes what Bedrock refuses, wherever it stands, and says so", () => {
    const request: ModelRequest = {
      max_tokens: 1,
      model: "m",
      stream: true,
      container: { id: "c" },
      mcp_servers: [],
      metadata: { user_id: "u" },
      service_tier: "auto",
      messages: MESSAGES,
      system: [{ type: "text", text: "s", parsed_output: 1 }],
      tools: [
        {
          name: "n",
          input_schema: { type: "object", strict: "kept" },
          allowed_callers: ["direct"],
          strict: true,
          eager_input_streaming: true,
          defer_loading: false,
          input_examples: [],
          cache_control: { type: "ephemeral" },
        },
      ],
      tool_choice: { type: "auto" },
    };
    const before = structuredClone(request);
    const { request: stripped, removed } = stripRequest(request, { modelId: OPUS });
    expect(stripped).toEqual({
      max_tokens: 1,
      messages: [
        MESSAGES[0],
        {
          role: "assistant",
          content: [
            { type: "text", text: "x", cache_control: { type: "ephemeral" } },
            { type: "tool_use", id: "t", name: "n", input: { caller: "kept", container: "kept" } },
          ],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "y" }] }],
        },
      ],
      system: [{ type: "text", text: "s" }],
      tools: [
        { name: "n", input_schema: { type: "object", strict: "kept" }, cache_control: { type: "ephemeral" } },
      ],
      tool_choice: { type: "auto" },
    });
    expect(removed.map(({ path }) => path).toSorted()).toEqual([
      "container",
      "mcp_servers",
      "messages.1.content.0.parsed_output",
      "messages.1.content.1.caller",
      "messages.1.content.1.toolset_name",
      "messages.2.content.0.content.0.parsed_output",
      "metadata",
      "model",
      "service_tier",
      "stream",
      "system.0.parsed_output",
      "tools.0.allowed_callers",
      "tools.0.defer_loading",
      "tools.0.eager_input_streaming",
      "tools.0.input_examples",
      "tools.0.strict",
    ]);
    expect(removed.every(({ reason }) => reason.length > 10)).toBe(true);
    expect(request).toEqual(before);
  });

  test("shares what it does not change", () => {
    const { request, removed } = stripRequest(
      { max_tokens: 1, messages: MESSAGES.slice(0, 1) },
      { modelId: OPUS },
    );
    expect(request.messages[0]).toBe(MESSAGES[0]);
    expect(removed).toEqual([]);
  });

  test("keeps fields of tools for the models and betas that take them", () => {
    const tools = [{ name: "n", input_schema: {}, strict: true, defer_loading: true, input_examples: [{}] }];
    const keep = (modelId: string, betas: string[]): string[] =>
      Object.keys(
        stripRequest({ max_tokens: 1, messages: [], tools }, { modelId, betas }).request.tools?.[0] ?? {},
      ).slice(2);
    const others = ["defer_loading", "input_examples"];
    expect(keep("us.anthropic.claude-sonnet-4-6", [])).toEqual(["strict", ...others]);
    expect(keep("global.anthropic.claude-opus-5", [])).toEqual(["strict", ...others]);
    expect(keep("global.anthropic.claude-opus-5-5", [])).toEqual(others);
    expect(keep(OPUS, ["advanced-tool-use-2025-11-20"])).toEqual(others);
  });

  test("adds the betas of features that need none on the Claude API", () => {
    const betas = (...tools: object[]): unknown =>
      stripRequest({ max_tokens: 1, messages: [], tools: tools as never }, { modelId: OPUS }).request[
        "anthropic_beta"
      ];
    const tool = { name: "n", input_schema: {} };
    expect(betas(tool, { ...tool, defer_loading: false, input_examples: [] })).toBeUndefined();
    expect(betas(tool, { ...tool, defer_loading: true })).toEqual(["tool-search-tool-2025-10-19"]);
    expect(betas({ type: "tool_search_tool_bm25", name: "s" })).toEqual(["tool-search-tool-2025-10-19"]);
    expect(betas({ ...tool, input_examples: [{}] })).toEqual(["tool-examples-2025-10-29"]);
  });

  test("leaves of caching markers what Bedrock takes, wherever they stand", () => {
    const cache_control = { type: "ephemeral", scope: "global", ttl: "1h", later: 1 };
    const text = { type: "text", text: "x", cache_control };
    const { request, removed } = stripRequest(
      {
        max_tokens: 1,
        cache_control,
        system: [text],
        tools: [{ name: "n", input_schema: {}, cache_control }],
        messages: [
          {
            role: "user",
            content: [text, { type: "tool_result", tool_use_id: "t", cache_control, content: [text] }],
          },
        ],
      },
      { modelId: OPUS },
    );
    const markers = JSON.stringify(request).match(/"cache_control":\{[^}]*\}/g);
    expect(new Set(markers)).toEqual(new Set(['"cache_control":{"type":"ephemeral","ttl":"1h"}']));
    expect(markers).toHaveLength(6);
    expect(removed).toHaveLength(12);
  });

  test("takes the older form of structured outputs for the newer one", () => {
    const format = { type: "json_schema", schema: {} };
    const strip = (request: object): unknown =>
      stripRequest({ max_tokens: 1, messages: [], ...request }, { modelId: OPUS }).request["output_config"];
    expect(strip({ output_format: format })).toEqual({ format });
    expect(strip({ output_format: format, output_config: { effort: "low" } })).toEqual({
      format,
      effort: "low",
    });
    expect(strip({ output_format: { type: "text" }, output_config: { format } })).toEqual({ format });
    expect(strip({ output_format: null })).toEqual({});
  });

  test("folds messages of the system for the models that take none", () => {
    const messages = [MESSAGES[0], { role: "system", content: "Be brief." }] as ModelRequest["messages"];
    const strip = (model: string): unknown =>
      stripRequest({ max_tokens: 1, messages }, { modelId: `global.anthropic.${model}` }).request.messages;
    for (const model of ["claude-opus-4-8", "claude-opus-5", "claude-sonnet-5-5", "claude-haiku-6"]) {
      expect(strip(model)).toEqual(messages);
    }
    for (const model of [
      "claude-opus-4-7",
      "claude-sonnet-4-6",
      "claude-opus-4-20250514-v1:0",
      "claude-3-5-sonnet-20241022-v2:0",
    ]) {
      expect(strip(model)).toEqual([
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { type: "text", text: "<system>\nBe brief.\n</system>" },
          ],
        },
      ]);
    }
  });

  test("lets only known betas through, renames one, and leaves no empty list", () => {
    const betas = (request: Partial<ModelRequest>, more?: string[]): unknown =>
      stripRequest(
        { max_tokens: 1, messages: [], ...request },
        { modelId: OPUS, ...(more === undefined ? {} : { betas: more }) },
      ).request["anthropic_beta"];
    expect(betas({ anthropic_beta: ["code-execution-2025-08-25", "files-api-2025-04-14"] })).toBeUndefined();
    expect(betas({ anthropic_beta: ["advanced-tool-use-2025-11-20"] })).toEqual([
      "tool-search-tool-2025-10-19",
      "tool-examples-2025-10-29",
    ]);
    expect(
      betas({ betas: ["context-1m-2025-08-07"] }, ["context-1m-2025-08-07", "compact-2026-01-12"]),
    ).toEqual(["context-1m-2025-08-07", "compact-2026-01-12"]);
    const { removed } = stripRequest(
      { max_tokens: 1, messages: [], anthropic_beta: ["skills-2025-10-02"] },
      { modelId: OPUS },
    );
    expect(removed).toEqual([
      { path: "anthropic_beta.skills-2025-10-02", reason: "not among the betas that InvokeModel takes" },
    ]);
  });

  test("keeps a top-level cache_control for models after Opus 4.6 only", () => {
    const request: ModelRequest = { max_tokens: 1, messages: [], cache_control: { type: "ephemeral" } };
    const keeps = (modelId: string): boolean => "cache_control" in stripRequest(request, { modelId }).request;
    expect(
      ["claude-opus-4-7", "claude-opus-5", "claude-sonnet-5", "claude-fable-5"].filter(
        (id) => !keeps(`global.anthropic.${id}`),
      ),
    ).toEqual([]);
    const legacy = [
      "claude-opus-4-6-v1",
      "claude-sonnet-4-6",
      "claude-haiku-4-5-20251001-v1:0",
      "claude-sonnet-4-20250514-v1:0",
      "claude-3-haiku-20240307-v1:0",
    ];
    expect(legacy.filter((id) => keeps(`us.anthropic.${id}`))).toEqual([]);
  });

  test("fields of betas that InvokeModel does not take go with the beta", () => {
    const request = {
      max_tokens: 1,
      thinking: { type: "adaptive", display: "updates", block_binding: {} },
      output_config: { task_budget: { type: "tokens", total: 1000 } },
      billing_policy: { type: "billing_policy", bill_to: "self" },
      fallback_credit_token: "t",
      workspace_id: "w",
      anthropic_beta: ["thinking-display-updates-2026-08-18", "task-budgets-2026-03-13"],
      messages: [
        { role: "user", content: "Hi" },
        { role: "system", content: "Be brief", output_config: { effort: "low" } },
      ],
    } as unknown as ModelRequest;
    const { request: stripped, removed } = stripRequest(request, { modelId: OPUS });
    expect(stripped).toEqual({
      max_tokens: 1,
      thinking: { type: "adaptive" },
      output_config: undefined,
      messages: [
        { role: "user", content: "Hi" },
        { role: "system", content: "Be brief" },
      ],
    });
    expect(removed.map(({ path }) => path).toSorted()).toEqual([
      "anthropic_beta.task-budgets-2026-03-13",
      "anthropic_beta.thinking-display-updates-2026-08-18",
      "billing_policy",
      "fallback_credit_token",
      "messages.1.output_config",
      "output_config.task_budget",
      "thinking.block_binding",
      "thinking.display",
      "workspace_id",
    ]);
  });

  test.each(["summarized", "omitted", null])("thinking may be shown as %j", (display) => {
    const thinking = { type: "adaptive", display };
    const { request, removed } = stripRequest({ max_tokens: 1, messages: [], thinking }, { modelId: OPUS });
    expect([request["thinking"], removed]).toEqual([thinking, []]);
  });
});
