/** Faults on demand, as the AWS SDK and AnthropicBedrock see them. */
import AnthropicBedrock from "@anthropic-ai/bedrock-sdk";
import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  EMULATOR_API_KEY,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
  type BedrockEmulator,
} from "./emulator.ts";

const MODEL = "global.anthropic.claude-opus-5";
const BODY = JSON.stringify({
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
});
const INPUT = { modelId: MODEL, body: BODY, contentType: "application/json" };

let emulator: BedrockEmulator;
const clients: Record<string, BedrockRuntimeClient> = {};
beforeAll(async () => {
  emulator = await startBedrockEmulator({
    scenario: [{ content: "Hello, this is a long enough answer. ".repeat(8) }],
  });
  const config = {
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    authSchemePreference: ["sigv4"],
    maxAttempts: 1,
  };
  clients["h2"] = new BedrockRuntimeClient(config);
  clients["h1"] = new BedrockRuntimeClient({ ...config, requestHandler: new NodeHttpHandler() });
});
afterEach(() => {
  emulator.clearFaults();
  emulator.clearRequests();
});
afterAll(async () => {
  Object.values(clients).forEach((client) => client.destroy());
  await emulator.close();
});

function clientOf(protocol: string): BedrockRuntimeClient {
  const found = clients[protocol];
  if (found === undefined) {
    throw new Error(`No client for ${protocol}`);
  }
  return found;
}

async function readStream(protocol: string): Promise<{ events: number; error: unknown }> {
  let events = 0;
  try {
    const { body } = await clientOf(protocol).send(new InvokeModelWithResponseStreamCommand(INPUT));
    for await (const _part of body ?? []) {
      events += 1;
    }
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

describe("fault() with an error answer [emulator.faults]", () => {
  test.each([
    ["throttled", "ThrottlingException", 429],
    ["quota", "ServiceQuotaExceededException", 400],
    ["validation", "ValidationException", 400],
    ["access-denied", "AccessDeniedException", 403],
    ["not-found", "ResourceNotFoundException", 404],
    ["model-not-ready", "ModelNotReadyException", 429],
    ["model-timeout", "ModelTimeoutException", 408],
    ["model-error", "ModelErrorException", 424],
    ["internal", "InternalServerException", 500],
    ["unavailable", "ServiceUnavailableException", 503],
  ] as const)("makes the SDK throw when it is %s", async (kind, name, status) => {
    emulator.fault({ kind, message: "planted" });
    const thrown: unknown = await clientOf("h2")
      .send(new InvokeModelCommand(INPUT))
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name, message: "planted", $metadata: { httpStatusCode: status } });
    expect(emulator.requests).toMatchObject([{ status, exception: name, outcome: "answered" }]);
    await clientOf("h2").send(new InvokeModelCommand(INPUT));
  });

  test("sends retry-after", async () => {
    emulator.fault({ kind: "throttled", retryAfterSeconds: 7 });
    const answer = await fetch(`${emulator.url}/model/${MODEL}/invoke`, {
      method: "POST",
      body: BODY,
      headers: { authorization: `Bearer ${EMULATOR_API_KEY}` },
    });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  test("strikes as often as asked, only where it matches, and can be disarmed", async () => {
    const invoke = (): Promise<string> =>
      clientOf("h2")
        .send(new InvokeModelCommand(INPUT))
        .then(
          () => "ok",
          (error: Error) => error.name,
        );
    emulator.fault({ kind: "validation" }, { times: 2, when: ({ route }) => route === "invoke" });
    const streamed = await readStream("h2");
    expect(streamed.error).toBeUndefined();
    expect([await invoke(), await invoke(), await invoke()]).toEqual([
      "ValidationException",
      "ValidationException",
      "ok",
    ]);
    const disarm = emulator.fault({ kind: "validation" }, { times: "always" });
    expect([await invoke(), await invoke()]).toEqual(["ValidationException", "ValidationException"]);
    disarm();
    expect(await invoke()).toBe("ok");
  });
});

describe.each(["h2", "h1"])("fault() in mid-stream over %s", (protocol) => {
  test("sends an exception frame after n events", async () => {
    emulator.fault({
      kind: "stream-exception",
      exception: "throttlingException",
      afterEvents: 3,
      message: "planted",
    });
    const { events, error } = await readStream(protocol);
    expect(events).toBe(3);
    expect(error).toMatchObject({ name: "ThrottlingException", message: "planted" });
    expect(emulator.requests).toMatchObject([{ status: 200, exception: "throttlingException" }]);
  });

  test("sends exception frames of ConverseStream", async () => {
    emulator.fault({ kind: "stream-exception", exception: "modelStreamErrorException", afterEvents: 2 });
    const command = new ConverseStreamCommand({
      modelId: "amazon.nova-pro-v1:0",
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
    });
    const { stream } = await clientOf(protocol).send(command);
    const read = async (): Promise<void> => {
      for await (const _event of stream ?? []) {
        // Only the end counts.
      }
    };
    await expect(read()).rejects.toMatchObject({ name: "ModelStreamErrorException" });
  });

  test("ends early as if all were well", async () => {
    emulator.fault({ kind: "short-stream", afterEvents: 4 });
    expect(await readStream(protocol)).toEqual({ events: 4, error: undefined });
  });

  test("cuts the connection after n events, or after n bytes", async () => {
    emulator.fault({ kind: "cut", afterEvents: 2 });
    const first = await readStream(protocol);
    expect(first.events).toBeLessThanOrEqual(2);
    emulator.fault({ kind: "cut", afterBytes: 20 });
    const second = await readStream(protocol);
    expect(second.events).toBe(0);
    expect(emulator.requests.map(({ outcome }) => outcome)).toEqual(["cut", "cut"]);
  });

  test("cuts a whole answer", async () => {
    emulator.fault({ kind: "cut", afterBytes: 10 });
    // Over HTTP/2 the SDK takes what came for the whole body, over HTTP/1.1 it throws.
    const sending = clientOf(protocol).send(new InvokeModelCommand(INPUT));
    expect(
      await sending.then(
        ({ body }) => body.length,
        () => 0,
      ),
    ).toBeLessThanOrEqual(10);
    expect(emulator.requests[0]?.outcome).toBe("cut");
  });

  test("holds back the first byte until the client gives up", async () => {
    emulator.fault({ kind: "slow", firstByteMs: 3_600_000 });
    const controller = new AbortController();
    const sending = clientOf(protocol).send(new InvokeModelCommand(INPUT), {
      abortSignal: controller.signal,
    });
    const record = await emulator.waitForRequest();
    controller.abort();
    await expect(sending).rejects.toMatchObject({ name: "AbortError" });
    expect(await record.finished).toBe("aborted");
  });

  test("slows a stream down without changing it", async () => {
    const { events } = await readStream(protocol);
    emulator.fault({ kind: "slow", firstByteMs: 1, betweenEventsMs: 1 });
    expect(await readStream(protocol)).toEqual({ events, error: undefined });
  });
});

describe("fault() with AnthropicBedrock", () => {
  test("turns an exception frame into an error of the stream", async () => {
    emulator.fault({
      kind: "stream-exception",
      exception: "internalServerException",
      afterEvents: 2,
      message: "planted",
    });
    const anthropic = new AnthropicBedrock({
      apiKey: EMULATOR_API_KEY,
      awsRegion: "us-east-1",
      baseURL: emulator.url,
      maxRetries: 0,
    });
    const stream = anthropic.messages.stream({
      model: MODEL,
      max_tokens: 10,
      messages: [{ role: "user", content: "Hi" }],
    });
    await expect(stream.finalMessage()).rejects.toThrow("planted");
  });

  test("throws RateLimitError when throttled", async () => {
    emulator.fault({ kind: "throttled" });
    const anthropic = new AnthropicBedrock({
      apiKey: EMULATOR_API_KEY,
      awsRegion: "us-east-1",
      baseURL: emulator.url,
      maxRetries: 0,
    });
    const request = anthropic.messages.create({
      model: MODEL,
      max_tokens: 10,
      messages: [{ role: "user", content: "Hi" }],
    });
    await expect(request).rejects.toBeInstanceOf(AnthropicBedrock.RateLimitError);
  });
});
