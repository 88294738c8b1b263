/**
 * The proxy over Bedrock's wire, with the emulator behind the AWS SDK: both APIs, and what each failure looks like.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  closeSharedSandbox,
  CODE,
  createScene,
  directTool,
  followUp,
  readSse,
  runs,
  type Scene,
  scriptTool,
  toMessage,
} from "../../test/fixtures/proxy-scene.ts";
import {
  type BedrockEmulator,
  type BedrockFault,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
} from "../emulator/emulator.ts";
import { bedrock } from "../model/bedrock/bedrock.ts";
import { bedrockModelNames } from "./names/model-names.ts";

let emulator: BedrockEmulator;

beforeAll(async () => {
  const scenario = [runs('print(await get({"n": 1}))'), { content: "done" }, { content: "more" }];
  emulator = await startBedrockEmulator({ scenario });
});

afterAll(async () => {
  await emulator.close();
  await closeSharedSandbox();
});

/** A proxy over the emulator. The SDK does not retry, so that every fault is seen. */
function createBedrockScene(): Scene {
  const options = {
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    maxAttempts: 1,
  };
  return createScene([], {
    model: (id) => bedrock(id, options),
    names: bedrockModelNames({ region: "us-east-1" }),
  });
}

describe("over Bedrock", () => {
  test.each([
    ["InvokeModel", "claude-sonnet-5", false],
    ["InvokeModelWithResponseStream", "claude-sonnet-5", true],
    ["Converse", "qwen.qwen3-coder-480b-a35b-v1:0", false],
    ["ConverseStream", "qwen.qwen3-coder-480b-a35b-v1:0", true],
  ])("a conversation runs to its end by %s, and on without tools", async (_api, model, stream) => {
    const scene = createBedrockScene();
    const send = async (body: object) => {
      const headers = { "anthropic-beta": "advanced-tool-use-2025-11-20,code-execution-2025-08-25,unknown" };
      const response = await scene.send({ ...body, stream }, { headers });
      const text = await response.text();
      expect([response.status, text.slice(0, 200)]).toEqual([200, expect.anything()]);
      return stream
        ? await toMessage(readSse(text))
        : (JSON.parse(text) as Awaited<ReturnType<typeof toMessage>>);
    };
    const body = ask([CODE, scriptTool("get", { input_examples: [{ n: 1 }] }), directTool("d")], { model });
    const first = await send(body);
    const next = answer(body, first);
    const second = await send(next);
    expect(second.content).toMatchObject([{ content: { stdout: "1\n" } }, { type: "text", text: "done" }]);
    const last = await send({ ...followUp(next, second, "And?"), tools: [] });
    expect(last.content).toEqual([{ type: "text", text: "more" }]);
    emulator.clearRequests();
  });

  test.each<[BedrockFault, number, string]>([
    [{ kind: "throttled" }, 429, "rate_limit_error"],
    [{ kind: "quota" }, 429, "rate_limit_error"],
    [{ kind: "validation" }, 400, "invalid_request_error"],
    [{ kind: "access-denied" }, 500, "api_error"],
    [{ kind: "not-found" }, 404, "not_found_error"],
    [{ kind: "model-not-ready" }, 529, "overloaded_error"],
    [{ kind: "unavailable" }, 529, "overloaded_error"],
    [{ kind: "model-timeout" }, 504, "timeout_error"],
    [{ kind: "model-error" }, 500, "api_error"],
    [{ kind: "internal" }, 500, "api_error"],
    [{ kind: "cut", afterBytes: 0 }, 500, "api_error"],
  ])("a fault %o has its status and type", async (fault, status, type) => {
    const scene = createBedrockScene();
    for (const tools of [[], undefined]) {
      emulator.clearFaults();
      emulator.fault(fault);
      const { status: got, body, headers } = await scene.post(ask(tools));
      expect([got, body.error.type]).toEqual([status, type]);
      expect(headers.has("retry-after")).toBe(status === 429 || status === 529);
    }
    emulator.clearFaults();
  });

  test("a fault in mid-stream is the error event, with its type", async () => {
    const scene = createBedrockScene();
    emulator.fault({ kind: "stream-exception", exception: "throttlingException", afterEvents: 2 });
    const response = await scene.send({ ...ask([]), stream: true });
    const events = readSse(await response.text());
    expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
  });

  test.each(["claude-sonnet-5", "qwen.qwen3-coder-480b-a35b-v1:0"])(
    "tokens of %s are counted by the service",
    async (model) => {
      const { max_tokens: _none, ...body } = ask(undefined, { model });
      const response = await createBedrockScene().send(body, { path: "/v1/messages/count_tokens" });
      expect(response.headers.has("toolscript-token-count")).toBe(false);
      expect(((await response.json()) as { input_tokens: number }).input_tokens).toBeGreaterThan(10);
      emulator.fault({ kind: "validation", message: "The provided model doesn't support counting tokens." });
      const estimated = await createBedrockScene().send(body, { path: "/v1/messages/count_tokens" });
      expect(estimated.headers.get("toolscript-token-count")).toBe("estimate");
    },
  );

  test("a continuation that was throttled may be sent again: nothing is lost [proxy.retry]", async () => {
    const scene = createBedrockScene();
    const first = await scene.post(ask());
    const next = answer(ask(), first);
    emulator.fault({ kind: "throttled" });
    expect((await scene.post(next)).status).toBe(429);
    const again = await scene.post(next);
    expect(again.content).toMatchObject([{ content: { stdout: "1\n" } }, { type: "text", text: "done" }]);
  });
});
