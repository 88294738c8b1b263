/** What Bedrock refuses in the body of a Claude model, through the AWS SDK. */
import {
  BedrockRuntimeClient,
  CountTokensCommand,
  InvokeModelCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "./emulator.ts";

const SONNET_5 = "global.anthropic.claude-sonnet-5";
const EXTRA = "Extra inputs are not permitted";
const USER = { role: "user", content: "Hi" };
const TOOL = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };
const CALL = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
const RESULT = { type: "tool_result", tool_use_id: "toolu_1", content: "seen" };

let emulator: BedrockEmulator;
let client: BedrockRuntimeClient;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: () => ({ content: "Hello" }) });
  client = new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    authSchemePreference: ["sigv4"],
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await emulator.close();
});

async function invoke(changes: object, modelId = SONNET_5): Promise<string> {
  const body = JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 100,
    messages: [USER],
    ...changes,
  });
  const command = new InvokeModelCommand({ modelId, body, contentType: "application/json" });
  return client.send(command).then(
    () => "ok",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

function refused(message: string): string {
  return `ValidationException: ${message}`;
}

describe("InvokeModel refuses", () => {
  test.each([
    ["a missing version", { anthropic_version: undefined }, "anthropic_version: Field required"],
    [
      "an unknown version",
      { anthropic_version: "2020" },
      "anthropic_version: Input should be 'bedrock-2023-05-31'",
    ],
    [
      "missing max_tokens and messages",
      { max_tokens: undefined, messages: undefined },
      "max_tokens: Field required; messages: Field required",
    ],
    ["max_tokens 0", { max_tokens: 0 }, "max_tokens: Input should be greater than or equal to 1"],
    [
      "keys of the Claude API",
      { model: "x", stream: true, container: "c", metadata: {} },
      `model: ${EXTRA}; stream: ${EXTRA}; container: ${EXTRA}`,
    ],
    [
      "temperature in the newest version",
      { anthropic_version: "2026-10-21", temperature: 1 },
      `temperature: ${EXTRA}`,
    ],
    ["an unknown beta", { anthropic_beta: ["code-execution-2025-08-25"] }, "invalid beta flag"],
    [
      "fields of a tool",
      { tools: [{ ...TOOL, strict: true, allowed_callers: ["direct"], eager_input_streaming: true }] },
      `tools.0.custom.strict: ${EXTRA}; tools.0.custom.allowed_callers: ${EXTRA}; tools.0.custom.eager_input_streaming: ${EXTRA}`,
    ],
    [
      "examples without their beta",
      { tools: [{ ...TOOL, input_examples: [{}], defer_loading: true }] },
      `tools.0.custom.input_examples: ${EXTRA}; tools.0.custom.defer_loading: ${EXTRA}`,
    ],
    ["two tools of one name", { tools: [TOOL, TOOL] }, "tools: Tool names must be unique."],
    [
      "a bad name",
      { tools: [{ ...TOOL, name: "a.b" }] },
      "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ],
    [
      "a schema of no object",
      { tools: [{ ...TOOL, input_schema: { type: "string" } }] },
      "tools.0.custom.input_schema.type: Input should be 'object'",
    ],
    [
      "keys of blocks, at any depth",
      {
        messages: [
          USER,
          { role: "assistant", content: [{ ...CALL, caller: { type: "direct" } }] },
          {
            role: "user",
            content: [{ ...RESULT, content: [{ type: "text", text: "x", parsed_output: 1 }] }],
          },
        ],
      },
      `messages.1.content.0.tool_use.caller: ${EXTRA}; messages.2.content.0.tool_result.content.0.text.parsed_output: ${EXTRA}`,
    ],
    ["keys of messages", { messages: [{ ...USER, id: "x" }] }, `messages.0.id: ${EXTRA}`],
    [
      "an empty text",
      { messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
      "messages: text content blocks must be non-empty",
    ],
    [
      "a bad role",
      { messages: [{ role: "tool", content: "x" }] },
      "messages.0.role: Input should be 'user' or 'assistant' or 'system'",
    ],
    ["no messages", { messages: [] }, "messages: at least one message is required"],
    [
      "an answer at the start",
      { messages: [{ role: "assistant", content: "x" }] },
      'messages: first message must use the "user" role',
    ],
    [
      "an input that is no object",
      {
        messages: [
          USER,
          { role: "assistant", content: [{ ...CALL, input: "{" }] },
          { role: "user", content: [RESULT] },
        ],
      },
      "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ],
  ])("%s", async (_what, changes, message) => {
    expect(await invoke(changes)).toBe(refused(message));
  });

  test("tools and blocks of other products", async () => {
    const tools = [{ type: "code_execution_20260120", name: "code_execution" }];
    expect(await invoke({ tools })).toContain(
      "tools.0: Input tag 'code_execution_20260120' found using 'type'",
    );
    const content = [{ type: "code_execution_tool_result", tool_use_id: "x", content: {} }];
    expect(await invoke({ messages: [USER, { role: "assistant", content }] })).toContain(
      "messages.1.content.0: Input tag 'code_execution_tool_result'",
    );
    const image = { type: "image", source: { type: "url", url: "https://example.com/x.png" } };
    expect(await invoke({ messages: [{ role: "user", content: [image] }] })).toContain(
      "messages.0.content.0.image.source: Input tag 'url'",
    );
  });

  test("calls without results, and results without calls", async () => {
    const call = { role: "assistant", content: [CALL] };
    expect(await invoke({ messages: [USER, call, USER] })).toContain(
      "`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
    );
    expect(await invoke({ messages: [{ role: "user", content: [RESULT] }] })).toContain(
      "unexpected `tool_use_id` found in `tool_result` blocks: toolu_1",
    );
    expect(await invoke({ messages: [USER, call, { role: "user", content: [RESULT] }] })).toBe("ok");
  });

  test("ids that need an inference profile, and unknown ones", async () => {
    expect(await invoke({}, "anthropic.claude-opus-4-8")).toContain(
      "with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile",
    );
    expect(await invoke({}, "anthropic.claude-3-haiku-20240307-v1:0")).toBe("ok");
    await using strict = await startBedrockEmulator({ auth: "none", models: ["known"] });
    const answer = await fetch(`${strict.url}/model/unknown/invoke`, { method: "POST", body: "{}" });
    expect(await answer.json()).toEqual({ message: "The provided model identifier is invalid." });
  });

  test("`strict` and a top-level `cache_control` only for some models", async () => {
    const strict = { tools: [{ ...TOOL, strict: true }] };
    expect(await invoke(strict, "us.anthropic.claude-sonnet-4-6")).toBe("ok");
    expect(await invoke(strict, "us.anthropic.claude-opus-5")).toBe("ok");
    expect(await invoke(strict, "us.anthropic.claude-opus-4-8")).toContain(EXTRA);
    const cached = { cache_control: { type: "ephemeral" } };
    expect(await invoke(cached, "us.anthropic.claude-opus-4-6-v1")).toContain(`cache_control: ${EXTRA}`);
    expect(await invoke(cached, "us.anthropic.claude-opus-4-7")).toBe("ok");
  });

  test("fields of betas that are not known here are extra", async () => {
    const thinking = { type: "adaptive", display: "updates", block_binding: {} };
    expect(await invoke({ thinking, output_config: { effort: "low", task_budget: {} } })).toBe(
      refused(
        `output_config.task_budget: ${EXTRA}; thinking.adaptive.block_binding: ${EXTRA}; thinking.adaptive.display: Input should be 'summarized' or 'omitted'`,
      ),
    );
  });

  test("an output format for Claude 5", async () => {
    const changes = { output_config: { format: { type: "json_schema", schema: {} } } };
    expect(await invoke(changes)).toBe(refused(`output_config.format: ${EXTRA}`));
    expect(await invoke(changes, "us.anthropic.claude-opus-4-8")).toBe("ok");
  });

  test("other families", async () => {
    expect(await invoke({}, "us.amazon.nova-pro-v1:0")).toContain(
      "us.amazon.nova-pro-v1:0 does not take the body of Claude models",
    );
  });

  test("a body that is no JSON object", async () => {
    const command = new InvokeModelCommand({
      modelId: SONNET_5,
      body: "not json",
      contentType: "application/json",
    });
    await expect(client.send(command)).rejects.toThrow("Malformed input request");
  });
});

describe("InvokeModel takes", () => {
  test("everything that the documentation lists", async () => {
    expect(
      await invoke({
        anthropic_beta: ["tool-search-tool-2025-10-19", "tool-examples-2025-10-29", "context-1m-2025-08-07"],
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } }],
        tools: [
          { ...TOOL, type: "custom", input_examples: [{}], defer_loading: false },
          { type: "bash_20250124", name: "bash" },
        ],
        tool_choice: { type: "auto" },
        stop_sequences: ["x"],
        temperature: 0.5,
        thinking: { type: "enabled", budget_tokens: 1024 },
        messages: [
          USER,
          { role: "assistant", content: [{ type: "thinking", thinking: "…", signature: "s" }, CALL] },
          {
            role: "user",
            content: [
              { ...RESULT, is_error: true },
              { type: "image", source: { type: "base64", media_type: "image/png", data: "" } },
            ],
          },
        ],
      }),
    ).toBe("ok");
  });
});

describe("CountTokens refuses", () => {
  test("a request without input, and a wrong inner body", async () => {
    const count = (input: object): Promise<unknown> =>
      client.send(new CountTokensCommand({ modelId: SONNET_5, input } as never));
    await expect(count({})).rejects.toThrow("Value null at 'input'");
    const body = new TextEncoder().encode('{"max_tokens":1}');
    await expect(count({ invokeModel: { body } })).rejects.toThrow(
      "anthropic_version: Field required; messages: Field required",
    );
  });
});
