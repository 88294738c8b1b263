/** What Bedrock refuses in a Converse request, through the AWS SDK. */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
} from "@aws-sdk/client-bedrock-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "./emulator.ts";

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

describe("Converse refuses", () => {
  const text = (role: "user" | "assistant", value: string): object => ({ role, content: [{ text: value }] });
  const call = { role: "assistant", content: [{ toolUse: { toolUseId: "t1", name: "look", input: {} } }] };
  const result = { role: "user", content: [{ toolResult: { toolUseId: "t1", content: [{ text: "x" }] } }] };
  const toolConfig = { tools: [{ toolSpec: { name: "look", inputSchema: { json: { type: "object" } } } }] };

  test.each([
    [
      "an answer at the start",
      { messages: [text("assistant", "x")] },
      "A conversation must start with a user message.",
    ],
    [
      "two user messages in a row",
      { messages: [text("user", "x"), text("user", "y")] },
      "A conversation must alternate between user and assistant roles.",
    ],
    [
      "a blank text",
      { messages: [text("user", " ")] },
      "The text field in the ContentBlock object at messages.0.content.0 is blank.",
    ],
    [
      "an empty message",
      { messages: [{ role: "user", content: [] }] },
      "The content field in the Message object at messages.0 is empty.",
    ],
    [
      "tool blocks without a tool configuration",
      { messages: [text("user", "x"), call, result] },
      "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
    ],
    [
      "a call without result",
      { messages: [text("user", "x"), call, text("user", "y")], toolConfig },
      "Expected toolResult blocks at messages.2.content for the following Ids: t1",
    ],
    [
      "a result without call",
      { messages: [result], toolConfig },
      "The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks of previous turn.",
    ],
    [
      "a bad tool name",
      {
        messages: [text("user", "x")],
        toolConfig: { tools: [{ toolSpec: { name: "a.b", inputSchema: { json: { type: "object" } } } }] },
      },
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
    ],
    [
      "no tools",
      { messages: [text("user", "x")], toolConfig: { tools: [] } },
      "Member must have length greater than or equal to 1",
    ],
  ])("%s", async (_what, input, message) => {
    const command = new ConverseCommand({
      modelId: "amazon.nova-pro-v1:0",
      ...input,
    } as ConverseCommandInput);
    await expect(client.send(command)).rejects.toThrow(message);
  });
});
