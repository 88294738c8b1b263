/** The Bedrock adapter's options, credentials and errors, against the emulator. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  EMULATOR_API_KEY,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
  type BedrockEmulator,
} from "../../emulator/emulator.ts";
import type { ToolscriptError } from "../../errors.ts";
import { accumulate } from "../accumulate.ts";
import { incompleteInputOf } from "../incomplete-input.ts";
import type { Model, ModelRequest, RetryNotice } from "../model.ts";
import type { Scenario } from "../scenario.ts";
import { bedrock, type BedrockOptions } from "./bedrock.ts";
import { loadSdk } from "./bedrock-client.ts";

const CLAUDE = "global.anthropic.claude-sonnet-5";
const SCENARIO: Scenario = [{ content: "Hello" }];
const LOOK = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };
const REQUEST: ModelRequest = {
  max_tokens: 1000,
  messages: [{ role: "user", content: "Look" }],
  tools: [LOOK],
};

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: SCENARIO, region: "us-east-1" });
});
afterAll(() => emulator.close());
afterEach(() => {
  emulator.clearFaults();
  emulator.clearRequests();
  emulator.setScenario(SCENARIO);
});

function connect(modelId: string, options: BedrockOptions = {}): Model {
  return bedrock(modelId, {
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    maxAttempts: 1,
    ...options,
  });
}

function failure(work: Promise<unknown>): Promise<ToolscriptError> {
  return work.then(
    () => {
      throw new Error("It did not fail");
    },
    (error: unknown) => error as ToolscriptError,
  );
}

describe("bedrock()", () => {
  test("names itself and is not scripted", () => {
    expect(bedrock(CLAUDE)).toMatchObject({ id: `bedrock:${CLAUDE}`, scripted: false });
  });

  test("honours retry-after whole, and says how long it waits", async () => {
    emulator.fault({ kind: "throttled", retryAfterSeconds: 30 });
    const controller = new AbortController();
    const notice = Promise.withResolvers<RetryNotice>();
    const working = failure(
      connect(CLAUDE, { maxAttempts: 2 }).create(REQUEST, {
        signal: controller.signal,
        onNotice: (heard) => heard.type === "retry" && notice.resolve(heard),
      }),
    );
    const { delayMs } = await notice.promise;
    expect(delayMs).toBeGreaterThan(28_000);
    expect(delayMs).toBeLessThanOrEqual(30_000);
    controller.abort();
    expect(await working).toMatchObject({ code: "aborted" });
  });

  test("sends only its own retries' notices when requests run at once", async () => {
    emulator.fault(
      { kind: "throttled", retryAfterSeconds: 0 },
      { when: ({ bodyText }) => bodyText.includes("unlucky") },
    );
    const model = connect(CLAUDE, { maxAttempts: 2 });
    const counts = await Promise.all(
      ["lucky one", "unlucky", "lucky two"].map(async (content) => {
        let count = 0;
        await model.create(
          { ...REQUEST, messages: [{ role: "user", content }] },
          { onNotice: () => (count += 1) },
        );
        return count;
      }),
    );
    expect(counts).toEqual([0, 1, 0]);
  });

  test("sends an API key as bearer token, and refuses with advice when it is wrong", async () => {
    await connect(CLAUDE, { apiKey: EMULATOR_API_KEY }).create(REQUEST);
    expect(emulator.requests[0]?.auth).toBe("bearer");
    const error = await failure(connect(CLAUDE, { apiKey: "wrong" }).create(REQUEST));
    expect(error.code).toBe("model-access");
    expect(error.message).toContain('check "apiKey" or AWS_BEARER_TOKEN_BEDROCK');
  });

  test("explicit credentials win over an API key of the environment", async () => {
    const before = process.env["AWS_BEARER_TOKEN_BEDROCK"];
    process.env["AWS_BEARER_TOKEN_BEDROCK"] = "from-environment";
    try {
      await connect(CLAUDE).create(REQUEST);
      expect(emulator.requests[0]?.auth).toBe("sigv4");
    } finally {
      if (before === undefined) {
        delete process.env["AWS_BEARER_TOKEN_BEDROCK"];
      } else {
        process.env["AWS_BEARER_TOKEN_BEDROCK"] = before;
      }
    }
  });

  test("credentials may come from a function, and failing to get them is `model-access`", async () => {
    await connect(CLAUDE, { credentials: () => Promise.resolve(EMULATOR_CREDENTIALS) }).create(REQUEST);
    const broken = Object.assign(new Error("Could not load credentials from any providers"), {
      name: "CredentialsProviderError",
    });
    const error = await failure(
      connect(CLAUDE, { credentials: () => Promise.reject(broken) }).create(REQUEST),
    );
    expect(error.code).toBe("model-access");
    expect(error.message).toContain("set AWS credentials");
  });

  test("a wrong secret is `model-access`", async () => {
    const credentials = { ...EMULATOR_CREDENTIALS, secretAccessKey: "wrong" };
    expect(await failure(connect(CLAUDE, { credentials }).create(REQUEST))).toMatchObject({
      code: "model-access",
      data: { status: 403, exception: "InvalidSignatureException" },
    });
  });

  test("a bare id that needs an inference profile gets the advice", async () => {
    const error = await failure(connect("anthropic.claude-opus-4-8").create(REQUEST));
    expect(error.code).toBe("model-request");
    expect(error.message).toContain('use the id of an inference profile, for example "global."');
  });

  test("nobody at the endpoint is `model-failed` with advice", async () => {
    const gone = await startBedrockEmulator();
    await gone.close();
    for (const http2 of [true, false]) {
      const error = await failure(connect(CLAUDE, { endpoint: gone.url, http2 }).create(REQUEST));
      expect(error.code).toBe("model-failed");
      expect(error.message).toContain('check "region", "endpoint" and the network');
    }
  });

  test("an unusable option is `invalid-argument`", () => {
    expect(() => bedrock(" ")).toThrow('Cannot use Bedrock model ""');
    expect(() => bedrock(CLAUDE, { timeoutMs: 0 })).toThrow('Cannot use "timeoutMs" 0');
    expect(() => bedrock(CLAUDE, { timeoutMs: 3_600_001 })).toThrow("at most 3600000 ms");
  });

  test("a missing SDK says what to install", async () => {
    const missing = "@aws-sdk/client-that-is-not-there";
    const error = await failure(loadSdk(() => import(missing) as Promise<unknown>));
    expect(error.message).toContain('run "npm install @aws-sdk/client-bedrock-runtime"');
    expect(error.cause).toMatchObject({ code: expect.stringContaining("NOT_FOUND") as unknown });
  });

  test("chooses the API by the id, and lets it be forced [model.bedrock-routes]", async () => {
    const ids = [
      "us.anthropic.claude-opus-5",
      "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-opus-5",
      "amazon.nova-lite-v1:0",
      "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
    ];
    for (const id of ids) {
      await connect(id).create(REQUEST);
    }
    await connect(ids[3] ?? "", { api: "invoke" }).create(REQUEST);
    await connect(ids[0] ?? "", { api: "converse" }).create(REQUEST);
    expect(emulator.requests.map(({ route }) => route)).toEqual([
      "invoke",
      "invoke",
      "converse",
      "converse",
      "invoke",
      "converse",
    ]);
  });

  test("sends version and betas in the body, and strips what Bedrock refuses", async () => {
    const request: ModelRequest = {
      ...REQUEST,
      container: "container_1",
      metadata: { user_id: "u" },
      betas: ["code-execution-2025-08-25", "context-1m-2025-08-07"],
      tools: [{ ...LOOK, allowed_callers: ["direct"], strict: true }],
    };
    await connect(CLAUDE, { betas: ["interleaved-thinking-2025-05-14"] }).create(request);
    await connect(CLAUDE, { anthropicVersion: "2026-10-21" }).create(REQUEST);
    expect(emulator.requests.map(({ body }) => body)).toEqual([
      {
        ...REQUEST,
        anthropic_version: "bedrock-2023-05-31",
        anthropic_beta: ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"],
      },
      { ...REQUEST, anthropic_version: "2026-10-21" },
    ]);
  });

  test("an input that was cut at max_tokens is marked", async () => {
    emulator.setScenario([
      {
        content: [{ type: "tool_use", id: "t", name: "look", input: '{"where": "he' }],
        stop_reason: "max_tokens",
      },
    ]);
    const response = await accumulate(connect(CLAUDE).stream(REQUEST));
    const [block] = response.content;
    expect(response.stop_reason).toBe("max_tokens");
    expect(block).toMatchObject({ type: "tool_use", id: "t", name: "look", input: {} });
    expect(JSON.stringify(block)).not.toContain("he");
    expect(block === undefined ? undefined : incompleteInputOf(block)).toBe('{"where": "he');
  });

  test("gives up before the first request when the signal is aborted already", async () => {
    const error = await failure(
      connect(CLAUDE).create(REQUEST, { signal: AbortSignal.abort(new Error("why")) }),
    );
    expect(error).toMatchObject({ code: "aborted", cause: new Error("why") });
    expect(emulator.requests).toEqual([]);
  });
});
