/** The Converse translation, there and back through the SDK and the emulator. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "../../emulator/emulator.ts";
import { accumulate } from "../accumulate.ts";
import type { ModelRequest } from "../model.ts";
import { bedrock } from "./bedrock.ts";

const QWEN = "qwen.qwen3-coder-480b-a35b-v1:0";
const PIXEL = Buffer.from("not really a picture").toString("base64");
const SCHEMA = { type: "object", properties: { where: { type: "string" } } };
const FULL: ModelRequest = {
  max_tokens: 500,
  temperature: 0.25,
  top_p: 0.5,
  stop_sequences: ["END"],
  system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
  tools: [
    { name: "look", description: "Looks.", input_schema: SCHEMA },
    { name: "listen", input_schema: SCHEMA, cache_control: { type: "ephemeral", ttl: "1h" } },
  ],
  tool_choice: { type: "tool", name: "look" },
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Grüße 😀" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "c2ln" },
        { type: "redacted_thinking", data: PIXEL },
        { type: "text", text: "I look." },
        {
          type: "tool_use",
          id: "toolu_1",
          name: "look",
          input: { where: "here", deep: [1, null, { a: true }] },
        },
        { type: "tool_use", id: "toolu_2", name: "listen", input: {} },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [
            { type: "text", text: "seen" },
            { type: "image", source: { type: "base64", media_type: "image/webp", data: PIXEL } },
          ],
        },
        {
          type: "tool_result",
          tool_use_id: "toolu_2",
          content: [{ type: "text", text: "failed" }],
          is_error: true,
          cache_control: { type: "ephemeral", ttl: "5m" },
        },
      ],
    },
  ],
};

let emulator: BedrockEmulator;
let seen: ModelRequest | undefined;
beforeAll(async () => {
  emulator = await startBedrockEmulator({
    scenario: (request) => {
      seen = request;
      const [tool] = request.tools ?? [];
      return {
        content:
          tool === undefined ? "Hello" : [{ type: "tool_use", id: "t", name: tool.name, input: { a: 1 } }],
      };
    },
  });
});
afterAll(() => emulator.close());

/** What it stands for is not told: everything that Converse has a form for is sent. */
const PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123";

function connect(modelId = QWEN): ReturnType<typeof bedrock> {
  return bedrock(modelId, {
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    maxAttempts: 1,
  });
}

describe("bedrock() over Converse", () => {
  test("carries a whole request there and back", async () => {
    await connect(PROFILE).create(FULL);
    expect(seen).toEqual(FULL);
    await accumulate(connect(PROFILE).stream(FULL));
    expect(seen).toEqual(FULL);
  });

  test("merges neighbours, drops blank texts and fills empty results", async () => {
    const call = { type: "tool_use", id: "t1", name: "look", input: {} };
    await connect().create({
      max_tokens: 1,
      tools: [{ name: "look", input_schema: { type: "object" } }],
      messages: [
        { role: "user", content: "A" },
        {
          role: "user",
          content: [
            { type: "text", text: "B" },
            { type: "text", text: " \n" },
          ],
        },
        { role: "assistant", content: [{ type: "text", text: "" }, call] },
        { role: "assistant", content: [{ ...call, id: "t2" }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "" }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t2" },
            { type: "text", text: "C" },
          ],
        },
      ],
    });
    expect(seen?.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "A" },
          { type: "text", text: "B" },
        ],
      },
      { role: "assistant", content: [call, { ...call, id: "t2" }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "(no output)" }] },
          { type: "tool_result", tool_use_id: "t2", content: [{ type: "text", text: "(no output)" }] },
          { type: "text", text: "C" },
        ],
      },
    ]);
  });

  test("declares the tools of the history when the request has none", async () => {
    const { tools: _tools, tool_choice: _choice, ...rest } = FULL;
    await connect().create(rest);
    expect(seen?.tools?.map(({ name }) => name)).toEqual(["look", "listen"]);
  });

  test("changes names that Converse refuses, and answers with the original ones", async () => {
    const tools = [
      { name: "files.read all", input_schema: { type: "object" } },
      { name: "y".repeat(70), input_schema: { type: "object" } },
    ];
    const request: ModelRequest = { max_tokens: 1, tools, messages: [{ role: "user", content: "x" }] };
    expect((await connect().create(request)).content[0]?.["name"]).toBe("files.read all");
    expect((await accumulate(connect().stream(request))).content[0]?.["name"]).toBe("files.read all");
    expect(seen?.tools?.every(({ name }) => /^[\w-]{1,64}$/.test(name))).toBe(true);
  });

  test("says tool_use when a model calls a tool and yet says end_turn", async () => {
    await using talking = await startBedrockEmulator({
      auth: "none",
      scenario: [
        { content: [{ type: "tool_use", id: "t", name: "look", input: {} }], stop_reason: "end_turn" },
      ],
    });
    const model = bedrock(QWEN, {
      region: "us-east-1",
      endpoint: talking.url,
      credentials: EMULATOR_CREDENTIALS,
    });
    const request: ModelRequest = { max_tokens: 1, messages: [{ role: "user", content: "x" }] };
    expect((await model.create(request)).stop_reason).toBe("tool_use");
    expect((await accumulate(model.stream(request))).stop_reason).toBe("tool_use");
  });
});
