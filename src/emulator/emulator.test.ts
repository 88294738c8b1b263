/** The emulator's routes and connections, through the real clients only. */
import AnthropicBedrock from "@anthropic-ai/bedrock-sdk";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import {
  EMULATOR_API_KEY,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
  type BedrockEmulator,
} from "./emulator.ts";

const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA = "us.amazon.nova-pro-v1:0";
const LONG_TEXT = "Grüße, 世界 😀. ".repeat(12);
const BLOCKS = [
  { type: "thinking", thinking: "I should look. ".repeat(5), signature: "c2lnbmF0dXJl" },
  { type: "text", text: LONG_TEXT },
  { type: "tool_use", id: "toolu_1", name: "look", input: { where: "here", deep: { list: [1, "ü"] } } },
  { type: "tool_use", name: "noop" },
];
const SCENARIO: Scenario = [{ content: BLOCKS }];
const QUESTION = { role: "user" as const, content: "Look!" };
const BODY = JSON.stringify({
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [QUESTION],
});
const CONVERSE = { modelId: NOVA, messages: [{ role: "user" as const, content: [{ text: "Look!" }] }] };

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: SCENARIO, region: "us-east-1" });
});
afterAll(() => emulator.close());
afterEach(() => emulator.clearRequests());

function createClient(http1 = false): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    authSchemePreference: ["sigv4"],
    ...(http1 ? { requestHandler: new NodeHttpHandler() } : {}),
  });
}

function createAnthropic(): AnthropicBedrock {
  return new AnthropicBedrock({
    awsAccessKey: EMULATOR_CREDENTIALS.accessKeyId,
    awsSecretKey: EMULATOR_CREDENTIALS.secretAccessKey,
    awsRegion: "us-east-1",
    baseURL: emulator.url,
    apiKey: null,
    maxRetries: 0,
  });
}

describe.each([
  ["HTTP/2", false, "h2"],
  ["HTTP/1.1", true, "h1"],
] as const)("startBedrockEmulator() over %s", (_name, http1, protocol) => {
  test("answers InvokeModel", async () => {
    using client = disposable(createClient(http1));
    const answer = await client.send(
      new InvokeModelCommand({ modelId: CLAUDE, body: BODY, contentType: "application/json" }),
    );
    const message = JSON.parse(answer.body.transformToString()) as Record<string, unknown>;
    expect(message).toMatchObject({
      model: "scripted",
      scripted: true,
      stop_reason: "tool_use",
      role: "assistant",
    });
    expect(message["id"]).toMatch(/^msg_bdrk_01\w{22}$/);
    expect(message["content"]).toEqual([
      ...BLOCKS.slice(0, 3),
      { type: "tool_use", id: expect.stringMatching(/^toolu_bdrk_01/) as unknown, name: "noop", input: {} },
    ]);
    expect(emulator.requests).toMatchObject([
      {
        route: "invoke",
        modelId: CLAUDE,
        protocol,
        auth: "sigv4",
        status: 200,
        outcome: "answered",
        bodyText: BODY,
      },
    ]);
  });

  test("answers InvokeModelWithResponseStream", async () => {
    using client = disposable(createClient(http1));
    const command = new InvokeModelWithResponseStreamCommand({
      modelId: CLAUDE,
      body: BODY,
      contentType: "application/json",
    });
    const { body } = await client.send(command);
    const events: Record<string, unknown>[] = [];
    for await (const part of body ?? []) {
      events.push(JSON.parse(new TextDecoder().decode(part.chunk?.bytes)) as Record<string, unknown>);
    }
    const kinds = events.map((event) => event["type"]).filter((kind, at, all) => kind !== all[at - 1]);
    const block = ["content_block_start", "content_block_delta", "content_block_stop"];
    expect(kinds).toEqual([
      "message_start",
      ...block,
      ...block,
      ...block,
      ...block,
      "message_delta",
      "message_stop",
    ]);
    expect(events.at(-1)).toHaveProperty(
      ["amazon-bedrock-invocationMetrics", "inputTokenCount"],
      Math.ceil(BODY.length / 4),
    );
  });

  test("answers Converse and ConverseStream", async () => {
    using client = disposable(createClient(http1));
    const { output, stopReason, usage } = await client.send(new ConverseCommand(CONVERSE));
    expect(stopReason).toBe("tool_use");
    expect(usage?.totalTokens).toBe((usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0));
    expect(output?.message?.content?.[1]).toEqual({ text: LONG_TEXT });
    const { stream } = await client.send(new ConverseStreamCommand(CONVERSE));
    let text = "";
    let input = "";
    const kinds: string[] = [];
    for await (const event of stream ?? []) {
      kinds.push(...Object.keys(event));
      const { delta, contentBlockIndex } = event.contentBlockDelta ?? {};
      text += contentBlockIndex === 1 ? (delta?.text ?? "") : "";
      input += contentBlockIndex === 2 ? (delta?.toolUse?.input ?? "") : "";
    }
    expect(text).toBe(LONG_TEXT);
    expect(JSON.parse(input)).toEqual({ where: "here", deep: { list: [1, "ü"] } });
    expect(kinds.at(0)).toBe("messageStart");
    expect(kinds.slice(-2)).toEqual(["messageStop", "metadata"]);
    expect(kinds.filter((kind) => kind === "contentBlockStart")).toHaveLength(2);
  });

  test("answers CountTokens for both forms", async () => {
    using client = disposable(createClient(http1));
    const invokeModel = { body: new TextEncoder().encode(BODY) };
    const first = await client.send(new CountTokensCommand({ modelId: CLAUDE, input: { invokeModel } }));
    expect(first.inputTokens).toBe(Math.ceil(BODY.length / 4));
    const converse = { messages: CONVERSE.messages };
    const second = await client.send(new CountTokensCommand({ modelId: NOVA, input: { converse } }));
    expect(second.inputTokens).toBe(Math.ceil(JSON.stringify(converse).length / 4));
  });
});

describe("startBedrockEmulator() with AnthropicBedrock [emulator.real-clients]", () => {
  test("answers create()", async () => {
    const message = await createAnthropic().messages.create({
      model: CLAUDE,
      max_tokens: 100,
      messages: [QUESTION],
    });
    expect(message.content[1]).toEqual({ type: "text", text: LONG_TEXT });
    expect(emulator.requests[0]).toMatchObject({
      protocol: "h1",
      auth: "sigv4",
      body: { anthropic_version: "2026-10-21" },
    });
  });

  test("answers stream()", async () => {
    const stream = createAnthropic().messages.stream({
      model: CLAUDE,
      max_tokens: 100,
      messages: [QUESTION],
    });
    const message = await stream.finalMessage();
    expect(message.content.slice(0, 3)).toEqual(BLOCKS.slice(0, 3));
    expect(message.stop_reason).toBe("tool_use");
  });

  test("accepts an API key", async () => {
    const client = new AnthropicBedrock({
      apiKey: EMULATOR_API_KEY,
      awsRegion: "us-east-1",
      baseURL: emulator.url,
    });
    await client.messages.create({ model: CLAUDE, max_tokens: 100, messages: [QUESTION] });
    expect(emulator.requests[0]).toMatchObject({ auth: "bearer", status: 200 });
  });
});

function disposable(client: BedrockRuntimeClient): BedrockRuntimeClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}
