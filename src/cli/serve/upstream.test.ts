import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "../../emulator/emulator.ts";
import type { ModelRequest } from "../../model/model.ts";
import { openUpstream } from "./upstream.ts";

const PROFILE = "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/abc123def456";
const THINKS: ModelRequest = {
  max_tokens: 4000,
  messages: [{ role: "user", content: "Hello" }],
  thinking: { type: "adaptive" },
};
const EDITS = { edits: [{ type: "clear_tool_uses_20250919" }] };

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: () => ({ content: "ok" }), region: "eu-central-1" });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.clearRequests());

async function ask(models: object, name: string, request: ModelRequest): Promise<unknown> {
  const { names, model } = await openUpstream(
    { upstream: "bedrock", upstreamUrl: emulator.url, region: "eu-central-1", models: models as never },
    {},
  );
  process.env["AWS_ACCESS_KEY_ID"] = EMULATOR_CREDENTIALS.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = EMULATOR_CREDENTIALS.secretAccessKey;
  await model(names.resolve(name) ?? "").create(request);
  const sent = emulator.requests.at(-1);
  return { route: sent?.route, body: sent?.body };
}

describe("openUpstream() with an id that does not say which model it is [proxy.base-model]", () => {
  test.each([
    ["under the name of a Claude", { "claude-sonnet-5": PROFILE }, "claude-sonnet-5"],
    ["with the model it is", { mine: { id: PROFILE, model: "claude-sonnet-5" } }, "mine"],
    [
      "of a provisioned model",
      { "claude-sonnet-5": "arn:aws:bedrock:eu-central-1:111122223333:provisioned-model/abc" },
      "claude-sonnet-5",
    ],
  ])("takes what Claude takes when it is configured %s", async (_how, models, name) => {
    const request = {
      ...THINKS,
      context_management: EDITS,
      anthropic_beta: ["context-management-2025-06-27"],
    };
    expect(await ask(models, name, request)).toMatchObject({
      route: "invoke",
      body: { thinking: { type: "adaptive" }, context_management: EDITS },
    });
  });

  test.each([
    ["thinking", THINKS],
    ["context_management", { max_tokens: 10, messages: THINKS.messages, context_management: EDITS }],
  ])(
    "refuses %s when nothing says that it is a Claude, and says what to configure",
    async (field, request) => {
      const asked = ask({ mine: PROFILE }, "mine", request);
      await expect(asked).rejects.toMatchObject({ code: "model-request" });
      await expect(asked).rejects.toThrow(new RegExp(`"${field}".*"model"`));
      expect(emulator.requests).toEqual([]);
    },
  );

  test("calls it over Converse when nothing of Claude's is asked for", async () => {
    const plain = { max_tokens: 10, messages: THINKS.messages };
    expect(await ask({ mine: PROFILE }, "mine", plain)).toMatchObject({ route: "converse" });
    const nova = "eu.amazon.nova-lite-v1:0";
    expect(await ask({}, nova, { ...plain, thinking: { type: "disabled" } })).toMatchObject({
      route: "converse",
    });
    await expect(ask({}, nova, { ...plain, context_management: EDITS })).rejects.toThrow(
      "context_management",
    );
  });
});
