/** The Converse translation, unit by unit. */
import { describe, expect, test } from "vitest";
import { runAtOnce } from "../../turn-share.ts";
import type { ContentBlock, ModelRequest } from "../model.ts";
import { toConverseName } from "./converse-names.ts";
import { toConverseRequest as toConverseInSteps } from "./converse-request.ts";
import { toStopReason, toUsage } from "./converse-response.ts";

function toConverseRequest(...given: Parameters<typeof toConverseInSteps>) {
  return runAtOnce(toConverseInSteps(...given));
}

const QWEN = "qwen.qwen3-coder-480b-a35b-v1:0";
const PIXEL = Buffer.from("not really a picture").toString("base64");
const SCHEMA = { type: "object", properties: { where: { type: "string" } } };

describe("toConverseRequest()", () => {
  const base: ModelRequest = { max_tokens: 1, messages: [{ role: "user", content: "x" }] };

  test("has no tool configuration without tools", () => {
    expect(toConverseRequest(base, QWEN)).toEqual({
      modelId: QWEN,
      messages: [{ role: "user", content: [{ text: "x" }] }],
      inferenceConfig: { maxTokens: 1 },
    });
  });

  test("translates tool choices, and leaves tools out for none", () => {
    const tools = [{ name: "a.b", input_schema: { type: "object" } }];
    const choice = (tool_choice: object): unknown =>
      toConverseRequest({ ...base, tools, tool_choice }, QWEN).toolConfig?.toolChoice;
    expect(choice({ type: "auto", disable_parallel_tool_use: false })).toEqual({ auto: {} });
    expect(choice({ type: "any" })).toEqual({ any: {} });
    expect(choice({ type: "tool", name: "a.b" })).toEqual({ tool: { name: toConverseName("a.b") } });
    expect(
      toConverseRequest({ ...base, tools, tool_choice: { type: "none" } }, QWEN).toolConfig,
    ).toBeUndefined();
  });

  test("puts what only one family knows into additional fields", () => {
    const request: ModelRequest = {
      ...base,
      top_k: 5,
      anthropic_beta: ["context-1m-2025-08-07", "unknown"],
    };
    const fields = (modelId: string, more = {}, asked = request): unknown =>
      toConverseRequest(asked, modelId, more).additionalModelRequestFields;
    expect(fields(QWEN)).toEqual({ top_k: 5 });
    expect(fields(QWEN, { reasoning: "high" })).toEqual({ top_k: 5, reasoning: "high" });
    expect(fields("us.amazon.nova-pro-v1:0")).toEqual({ inferenceConfig: { topK: 5 } });
    expect(fields("cohere.command-r-plus-v1:0")).toEqual({ k: 5 });
    const claude = {
      thinking: { type: "enabled", budget_tokens: 1024 },
      context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
      tool_choice: { type: "tool", name: "a.b", disable_parallel_tool_use: true },
    };
    expect(fields("us.anthropic.claude-opus-5", {}, { ...request, ...claude })).toEqual({
      top_k: 5,
      ...claude,
      tool_choice: { ...claude.tool_choice, name: toConverseName("a.b") },
      anthropic_beta: ["context-1m-2025-08-07"],
    });
  });

  test("gives no two documents one name, wherever they stand [proxy.document-names]", () => {
    const document = (title?: string): ContentBlock => ({
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "x" },
      ...(title === undefined ? {} : { title }),
    });
    const long = "x".repeat(300);
    const input = toConverseRequest(
      {
        ...base,
        messages: [
          { role: "user", content: [document("minutes.pdf"), document("a_b.pdf"), document(long)] },
          { role: "assistant", content: [{ type: "tool_use", id: "t", name: "read", input: {} }] },
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "t",
                content: [document("Minutes pdf"), document("a b.pdf")],
              },
              document("minutes.pdf"),
              document("minutes pdf (2)"),
              document(long),
              document(),
              document(),
            ],
          },
        ],
      },
      QWEN,
    );
    const names = [...JSON.stringify(input.messages).matchAll(/"name":"([^"]*)"/g)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "read");
    expect(names.map((name) => (name.length > 50 ? `${name.length} ${name.slice(-4)}` : name))).toEqual([
      "minutes pdf",
      "a b pdf",
      "200 xxxx",
      "Minutes pdf (2)",
      "a b pdf (2)",
      "minutes pdf (3)",
      "minutes pdf (2) (2)",
      "200  (2)",
      "document 2 4",
      "document 2 5",
    ]);
  });

  test("translates documents, search results and output formats", () => {
    const input = toConverseRequest(
      {
        ...base,
        output_config: { effort: "high", format: { type: "json_schema", schema: SCHEMA } },
        messages: [
          {
            role: "user",
            content: [
              {
                type: "document",
                title: "Q3/report: final",
                source: { type: "base64", media_type: "application/pdf", data: PIXEL },
              },
              { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" } },
              { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "found" }] },
            ],
          },
        ],
      },
      QWEN,
    );
    expect(input.messages?.[0]?.content).toEqual([
      {
        document: {
          name: "Q3 report final",
          format: "pdf",
          source: { bytes: new Uint8Array(Buffer.from(PIXEL, "base64")) },
        },
      },
      { document: { name: "document 0 1", format: "txt", source: { bytes: Buffer.from("plain") } } },
      { searchResult: { source: "s", title: "t", content: [{ text: "found" }] } },
    ]);
    expect(input.outputConfig).toEqual({
      effort: "high",
      textFormat: {
        type: "json_schema",
        structure: { jsonSchema: { schema: JSON.stringify(SCHEMA), name: "output" } },
      },
    });
  });

  test.each([
    [
      "a server tool",
      { tools: [{ type: "code_execution_20260120", name: "code_execution", input_schema: {} }] },
      'tools of type "code_execution_20260120" at "tools.0"',
    ],
    [
      "an unknown block",
      { messages: [{ role: "user", content: [{ type: "container_upload" }] }] },
      'content blocks of type "container_upload" at "messages.0.content.0"',
    ],
    [
      "an image by URL",
      {
        messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url: "https://x" } }] }],
      },
      'images with source "url"',
    ],
    [
      "a reference in a tool result",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "tool_reference" }] }],
          },
        ],
      },
      'tool result blocks of type "tool_reference" at "messages.0.content.0.content.0"',
    ],
    [
      "a picture in the system prompt",
      { system: [{ type: "image" }] },
      'system blocks of type "image" at "system.0"',
    ],
  ])("refuses %s and names the place", (_what, changes, message) => {
    const request = { ...base, ...changes } as ModelRequest;
    expect(() => toConverseRequest(request, QWEN)).toThrow(
      expect.objectContaining({
        code: "model-request",
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });
});

describe("toStopReason()", () => {
  test("translates every reason that Converse has", () => {
    const reasons = [
      "end_turn",
      "tool_use",
      "max_tokens",
      "stop_sequence",
      "guardrail_intervened",
      "content_filtered",
      "model_context_window_exceeded",
    ];
    expect(reasons.map((reason) => toStopReason(reason, false, "m"))).toEqual([
      "end_turn",
      "tool_use",
      "max_tokens",
      "stop_sequence",
      "refusal",
      "refusal",
      "model_context_window_exceeded",
    ]);
    expect(() => toStopReason("malformed_tool_use", false, "m")).toThrow(
      expect.objectContaining({ code: "model-failed" }),
    );
  });
});

describe("toUsage()", () => {
  test("carries cache counts and their times to live", () => {
    const usage = {
      inputTokens: 1,
      outputTokens: 2,
      totalTokens: 10,
      cacheReadInputTokens: 3,
      cacheWriteInputTokens: 4,
    };
    expect(
      toUsage({
        ...usage,
        cacheDetails: [
          { ttl: "1h", inputTokens: 3 },
          { ttl: "5m", inputTokens: 1 },
        ],
      }),
    ).toEqual({
      input_tokens: 1,
      output_tokens: 2,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 4,
      cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 3 },
    });
  });
});
