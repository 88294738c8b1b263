/** What a model is, where its id does not tell: said by an option, against the emulator. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "../../emulator/emulator.ts";
import type { DropNotice, Model, ModelNotice, ModelRequest } from "../model.ts";
import { bedrock, type BedrockOptions } from "./bedrock.ts";
import { toModelFamily } from "./model-id.ts";

const ACCOUNT = "arn:aws:bedrock:eu-central-1:111122223333";
const PROFILE = `${ACCOUNT}:application-inference-profile/abc123def456`;
const OLDER = `${ACCOUNT}:application-inference-profile/older`;
const BEHIND = {
  [PROFILE]: "eu.anthropic.claude-opus-5",
  [OLDER]: "eu.anthropic.claude-opus-4-5-20251101-v1:0",
};
const REQUEST: ModelRequest = { max_tokens: 10, messages: [{ role: "user", content: "Hi" }] };

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: () => ({ content: "Hello" }), profiles: BEHIND });
});
afterAll(() => emulator.close());
afterEach(() => emulator.clearRequests());

function connect(modelId: string, options: BedrockOptions = {}): Model {
  return bedrock(modelId, {
    region: "eu-central-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    maxAttempts: 1,
    ...options,
  });
}

async function sent(model: Model, request: ModelRequest): Promise<[string, Record<string, unknown>]> {
  await model.create({ ...REQUEST, ...request });
  const { route, bodyText } = emulator.requests.at(-1) ?? { route: "", bodyText: "" };
  return [route, JSON.parse(bodyText) as Record<string, unknown>];
}

describe("toModelFamily()", () => {
  test.each([
    ["global.anthropic.claude-sonnet-5", "claude"],
    [`${ACCOUNT}:inference-profile/eu.anthropic.claude-sonnet-5`, "claude"],
    ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "nova"],
    ["qwen.qwen3-coder-480b-a35b-v1:0", "other"],
    ["us.deepseek.r1-v1:0", "other"],
    ["openai.gpt-oss-120b-1:0", "other"],
    [`${ACCOUNT}:imported-model/abc123`, "other"],
    ["arn:aws:sagemaker:us-east-1:111122223333:endpoint/mine", "other"],
    [PROFILE, "unknown"],
    [PROFILE.replace("aws", "aws-us-gov"), "unknown"],
    [`${ACCOUNT}:provisioned-model/abc123`, "unknown"],
    [`${ACCOUNT}:custom-model-deployment/abc123`, "unknown"],
    ["abc123def456", "unknown"],
  ])("%s is %s", (id, family) => {
    expect(toModelFamily(id)).toBe(family);
  });
});

describe("bedrock() with a profile that names no model", () => {
  const thinking = { type: "adaptive" };
  const context_management = { edits: [{ type: "clear_tool_uses_20250919" }] };

  test.each(["claude-sonnet-5", "anthropic.claude-sonnet-5", "us.anthropic.claude-sonnet-5"])(
    "sends all that Claude takes when it is said to be %s",
    async (model) => {
      const betas = ["context-management-2025-06-27"];
      const asked = { ...REQUEST, thinking, context_management, betas };
      const [route, body] = await sent(connect(PROFILE, { model }), asked);
      expect(route).toBe("invoke");
      expect(body).toMatchObject({ thinking, context_management, anthropic_beta: betas });
    },
  );

  test("follows the rules of the model that it is said to be", async () => {
    const system = { role: "system" as const, content: "Be brief." };
    const asked: ModelRequest = {
      ...REQUEST,
      cache_control: { type: "ephemeral" },
      messages: [...REQUEST.messages, system],
    };
    const [, newer] = await sent(connect(PROFILE, { model: "claude-opus-5" }), asked);
    expect(newer).toMatchObject({ messages: asked.messages, cache_control: { type: "ephemeral" } });
    const [, older] = await sent(connect(OLDER, { model: "claude-opus-4-5" }), asked);
    expect(older["cache_control"]).toBeUndefined();
    expect(older["messages"]).toHaveLength(1);
  });

  test("is called over Converse when nothing is said, and says what to say for what Converse cannot carry", async () => {
    expect((await sent(connect(PROFILE), REQUEST))[0]).toBe("converse");
    await expect(connect(PROFILE).create({ ...REQUEST, thinking })).rejects.toMatchObject({
      code: "model-request",
      message: expect.stringMatching(/"thinking".*is a Claude model, say which by "model"/) as unknown,
    });
    expect(emulator.requests).toHaveLength(1);
  });

  test("is called over Converse when it is said to be another family", async () => {
    const [route, body] = await sent(connect(PROFILE, { model: "amazon.nova-pro-v1:0" }), {
      ...REQUEST,
      top_k: 3,
    });
    expect([route, body["additionalModelRequestFields"]]).toEqual([
      "converse",
      { inferenceConfig: { topK: 3 } },
    ]);
  });

  test("counts tokens in the same way", async () => {
    const model = connect(PROFILE, { model: "claude-sonnet-5" });
    expect(await model.countTokens?.({ ...REQUEST, thinking })).toBeGreaterThan(0);
    expect(emulator.requests.at(-1)?.bodyText).toContain('"invokeModel"');
  });

  test.each(["sonnet", "", PROFILE])("refuses to be the model %j", (model) => {
    expect(() => bedrock(PROFILE, { model })).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining('such as "claude-sonnet-5"') as unknown,
      }),
    );
  });
});

describe("bedrock() and what is not sent", () => {
  test("tells of fields that InvokeModel does not take, by their names", async () => {
    const notices: ModelNotice[] = [];
    const fields = { speed: "fast", betas: ["nothing-2020-01-01"], container: "c" };
    await connect("eu.anthropic.claude-sonnet-5").create(
      { ...REQUEST, ...fields },
      { onNotice: (notice) => notices.push(notice) },
    );
    expect(notices.map((notice) => (notice as DropNotice).field).toSorted()).toEqual([
      "anthropic_beta.nothing-2020-01-01",
      "betas",
      "container",
      "speed",
    ]);
  });

  test.each([
    ["eu.anthropic.claude-sonnet-5", "eu"],
    ["us.anthropic.claude-sonnet-5", "us"],
    [`${ACCOUNT}:inference-profile/us.anthropic.claude-sonnet-5`, "us"],
    ["eu.anthropic.claude-sonnet-5", "global"],
    ["qwen.qwen3-32b-v1:0", "global"],
  ])("%s takes a request for inference in %s", async (modelId, inference_geo) => {
    await connect(modelId).create({ ...REQUEST, inference_geo });
    expect(emulator.requests).toHaveLength(1);
  });

  test.each([
    "eu.anthropic.claude-sonnet-5",
    "global.anthropic.claude-sonnet-5",
    "us-gov.anthropic.claude-sonnet-5",
    "qwen.qwen3-32b-v1:0",
    PROFILE,
  ])("%s refuses a request for inference in another geography", async (modelId) => {
    await expect(connect(modelId).create({ ...REQUEST, inference_geo: "us" })).rejects.toMatchObject({
      code: "model-request",
      message: expect.stringContaining('"inference_geo" set to "us"') as unknown,
    });
    expect(emulator.requests).toHaveLength(0);
  });
});
