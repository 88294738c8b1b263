/** The Bedrock adapter over the real AWS SDK, against the emulator. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "../../emulator/emulator.ts";
import type { ToolscriptError } from "../../errors.ts";
import { accumulate } from "../accumulate.ts";
import type { MessageEvent, Model, ModelNotice, ModelRequest } from "../model.ts";
import type { Scenario } from "../scenario.ts";
import { bedrock, type BedrockOptions } from "./bedrock.ts";

const CLAUDE = "global.anthropic.claude-sonnet-5";
const QWEN = "qwen.qwen3-coder-480b-a35b-v1:0";
const SCENARIO: Scenario = [
  {
    content: [
      { type: "thinking", thinking: "Grüße 😀 ".repeat(20), signature: "c2ln" },
      { type: "text", text: "I will look. ".repeat(10) },
      {
        type: "tool_use",
        id: "toolu_1",
        name: "look",
        input: { where: "hier", list: [1, 2, 3], text: "x".repeat(200) },
      },
      { type: "tool_use", id: "toolu_2", name: "look", input: {} },
    ],
    usage: { cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
  },
];
const REQUEST: ModelRequest = {
  max_tokens: 1000,
  messages: [{ role: "user", content: "Look" }],
  tools: [{ name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } }],
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

async function collect(events: AsyncIterable<MessageEvent>): Promise<MessageEvent[]> {
  const all: MessageEvent[] = [];
  for await (const event of events) {
    all.push(event);
  }
  return all;
}

function failure(work: Promise<unknown>): Promise<ToolscriptError> {
  return work.then(
    () => {
      throw new Error("It did not fail");
    },
    (error: unknown) => error as ToolscriptError,
  );
}

/** One way to call Bedrock; `again` when the first requests of a model are not what is tested. */
interface Way {
  readonly name: string;
  readonly modelId: string;
  readonly options: BedrockOptions;
  readonly route: "invoke" | "converse";
  readonly protocol: "h1" | "h2";
  readonly again?: boolean;
}

const INVOKE = { modelId: CLAUDE, route: "invoke" } as const;
const CONVERSE = { modelId: QWEN, route: "converse" } as const;
const HTTP1 = { options: {}, protocol: "h1" } as const;
const HTTP2 = { options: { http2: true }, protocol: "h2" } as const;
const WAYS: Way[] = [
  { name: "InvokeModel over HTTP/1.1", ...INVOKE, ...HTTP1 },
  { name: "InvokeModel over HTTP/1.1, past the SDK's middleware", ...INVOKE, ...HTTP1, again: true },
  { name: "InvokeModel over HTTP/2", ...INVOKE, ...HTTP2 },
  { name: "InvokeModel over HTTP/2, past the SDK's middleware", ...INVOKE, ...HTTP2, again: true },
  { name: "Converse over HTTP/1.1", ...CONVERSE, ...HTTP1 },
  { name: "Converse over HTTP/2", ...CONVERSE, ...HTTP2 },
];

describe.each(WAYS)("bedrock() by $name", ({ modelId, options, route, protocol, again = false }) => {
  async function open(more: BedrockOptions = {}): Promise<Model> {
    const model = connect(modelId, { ...options, ...more });
    if (again) {
      await model.create(REQUEST);
      await collect(model.stream(REQUEST));
      emulator.clearRequests();
    }
    return model;
  }

  const streamRoute = route === "invoke" ? "invoke-with-response-stream" : "converse-stream";

  test("create() answers", async () => {
    const model = await open();
    const response = await model.create(REQUEST);
    expect(response.content).toEqual((SCENARIO as readonly { content: object[] }[])[0]?.content);
    expect(response).toMatchObject({
      type: "message",
      role: "assistant",
      stop_reason: "tool_use",
      usage: { cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
    });
    expect(emulator.requests).toMatchObject([{ route, modelId, protocol, auth: "sigv4", status: 200 }]);
  });

  test("stream() answers the same", async () => {
    const model = await open();
    const events = await collect(model.stream(REQUEST));
    const streamed = await accumulate(events);
    const created = await model.create(REQUEST);
    expect(streamed.content).toEqual(created.content);
    expect(streamed.stop_reason).toBe("tool_use");
    expect(streamed.usage).toMatchObject({
      input_tokens: created.usage.input_tokens,
      output_tokens: created.usage.output_tokens,
    });
    expect(events.at(0)?.type).toBe("message_start");
    expect(events.at(-1)?.type).toBe("message_stop");
    expect(emulator.requests[0]).toMatchObject({ route: streamRoute, protocol });
  });

  test("maps every error of the service", async () => {
    const model = await open();
    const expected = [
      ["throttled", "model-throttled", 429],
      ["quota", "model-throttled", 400],
      ["validation", "model-request", 400],
      ["access-denied", "model-access", 403],
      ["not-found", "model-request", 404],
      ["model-not-ready", "model-throttled", 429],
      ["model-timeout", "model-timeout", 408],
      ["model-error", "model-failed", 424],
      ["internal", "model-failed", 500],
      ["unavailable", "model-throttled", 503],
    ] as const;
    for (const [kind, code, status] of expected) {
      emulator.fault({ kind, message: "Planted." }, { times: 2 });
      const error = await failure(model.create(REQUEST));
      expect(error).toMatchObject({
        code,
        data: {
          status,
          exception: expect.stringMatching(/Exception$/) as unknown,
          requestId: expect.any(String) as unknown,
        },
      });
      expect(error.message).toContain(`Cannot call Bedrock model "${modelId}": `);
      expect(error.message).toMatch(/\w+Exception: Planted/);
      expect(error.cause).toBeInstanceOf(Error);
      expect((await failure(collect(model.stream(REQUEST)))).code).toBe(code);
    }
  });

  test("maps exceptions in mid-stream, after the events that came", async () => {
    const model = await open();
    for (const [exception, code] of [
      ["throttlingException", "model-throttled"],
      ["internalServerException", "model-failed"],
      ["modelStreamErrorException", "model-failed"],
      ["serviceUnavailableException", "model-throttled"],
      ["validationException", "model-request"],
    ] as const) {
      emulator.fault({ kind: "stream-exception", exception, afterEvents: 6, message: "Planted." });
      const seen: MessageEvent[] = [];
      const read = async (): Promise<void> => {
        for await (const event of model.stream(REQUEST)) {
          seen.push(event);
        }
      };
      const error = await failure(read());
      expect(error).toMatchObject({ code, message: expect.stringContaining("Planted") as unknown });
      expect(seen.length).toBeGreaterThan(2);
    }
  });

  test.each([
    ["cut after some events", { kind: "cut", afterEvents: 5 }],
    ["cut inside the first frame", { kind: "cut", afterBytes: 30 }],
    ["ended too early", { kind: "short-stream", afterEvents: 5 }],
    ["empty", { kind: "short-stream", afterEvents: 0 }],
  ] as const)("a stream that is %s is an error", async (_what, fault) => {
    const model = await open();
    emulator.fault(fault);
    expect(await failure(collect(model.stream(REQUEST)))).toMatchObject({
      code: "model-failed",
    });
  });

  test("a whole answer that is cut is an error", async () => {
    const model = await open();
    emulator.fault({ kind: "cut", afterBytes: 30 });
    expect(await failure(model.create(REQUEST))).toMatchObject({ code: "model-failed" });
  });

  test("an abort ends the request before the first byte", async () => {
    const model = await open();
    emulator.fault({ kind: "slow", firstByteMs: 3_600_000 }, { times: "always" });
    for (const way of ["create", "stream"]) {
      const controller = new AbortController();
      const { signal } = controller;
      const working = failure(
        way === "create" ? model.create(REQUEST, { signal }) : collect(model.stream(REQUEST, { signal })),
      );
      const record = await emulator.waitForRequest(({ outcome }) => outcome === undefined);
      controller.abort();
      expect(await working).toMatchObject({ code: "aborted" });
      expect(await record.finished).toBe("aborted");
    }
  });

  test("an abort ends a stream in the middle, and so does a reader that leaves", async () => {
    const model = await open();
    emulator.fault({ kind: "slow", betweenEventsMs: 20 }, { times: "always" });
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const event of model.stream(REQUEST, { signal: controller.signal })) {
        if (event.type === "content_block_delta") {
          controller.abort();
        }
      }
    };
    expect(await failure(read())).toMatchObject({ code: "aborted" });
    for await (const event of model.stream(REQUEST)) {
      if (event.type === "content_block_delta") {
        break;
      }
    }
    expect(await Promise.all(emulator.requests.map(({ finished }) => finished))).toEqual([
      "aborted",
      "aborted",
    ]);
  });

  test("silence ends in `model-timeout`", async () => {
    const model = await open({ timeoutMs: 500 });
    emulator.fault({ kind: "slow", firstByteMs: 3_600_000 }, { times: 1 });
    const error = await failure(model.create(REQUEST));
    expect(error).toMatchObject({ code: "model-timeout", data: { timeoutMs: 500 } });
    expect(await (await emulator.waitForRequest()).finished).toBe("aborted");
  });

  test("reports retries before they happen [model.retry-visible]", async () => {
    const model = await open({ maxAttempts: 3 });
    emulator.fault({ kind: "throttled", retryAfterSeconds: 0 }, { times: 2 });
    const notices: ModelNotice[] = [];
    const response = await model.create(REQUEST, {
      onNotice: (notice) => notices.push(notice),
    });
    expect(response.stop_reason).toBe("tool_use");
    expect(notices).toEqual([
      expect.objectContaining({ type: "retry", attempt: 1 }),
      expect.objectContaining({ type: "retry", attempt: 2 }),
    ]);
    expect(notices[0]?.reason).toBe(
      "ThrottlingException: Too many requests, please wait before trying again.",
    );
    expect(emulator.requests.map(({ status }) => status)).toEqual([429, 429, 200]);
  });
});

describe("a large request", () => {
  const text = 'Grüße \u{1f600} "quoted"\n'.repeat(10_000);
  const large: ModelRequest = {
    ...REQUEST,
    messages: [
      { role: "user", content: text },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_0", name: "look", input: { text } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_0", content: text }] },
    ],
  };
  const ways = [
    { modelId: CLAUDE, options: {} },
    { modelId: CLAUDE, options: { http2: true } },
    { modelId: QWEN, options: {} },
    { modelId: QWEN, options: { http2: true } },
  ];

  test.each(ways)("arrives whole and signed, again after a failure: $modelId $options", async (way) => {
    const seen: ModelRequest[] = [];
    emulator.setScenario((request) => {
      seen.push(request);
      return { content: "Done" };
    });
    const model = connect(way.modelId, { ...way.options, maxAttempts: 2 });
    for (let run = 0; run < 3; run += 1) {
      if (run > 0) emulator.fault({ kind: "unavailable" });
      await (run === 1 ? accumulate(model.stream(large)) : model.create(large));
    }
    for (const { messages } of seen) {
      expect(JSON.stringify(messages[1])).toBe(JSON.stringify(large.messages[1]));
      expect(JSON.stringify(messages)).toContain(JSON.stringify(text).slice(1, -1));
    }
    expect(seen).toHaveLength(3);
    expect(await model.countTokens?.(large)).toBeGreaterThan(text.length / 4);
  });
});
