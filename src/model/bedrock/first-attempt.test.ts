/** What goes out past the AWS SDK's middleware, and what the SDK still has to do. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  EMULATOR_API_KEY,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
  type BedrockEmulator,
} from "../../emulator/emulator.ts";
import type { Model, ModelNotice, ModelRequest } from "../model.ts";
import { bedrock, type BedrockOptions } from "./bedrock.ts";

const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const REQUEST: ModelRequest = { max_tokens: 10, messages: [{ role: "user", content: "Grüße 😀" }] };

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: [{ content: "Hello" }], region: "us-east-1" });
});
afterAll(() => emulator.close());
afterEach(() => {
  vi.unstubAllEnvs();
  emulator.clearFaults();
  emulator.clearRequests();
});

function connect(options: BedrockOptions = {}): Model {
  const auth = options.apiKey === undefined ? { credentials: EMULATOR_CREDENTIALS } : {};
  return bedrock(CLAUDE, { region: "us-east-1", endpoint: emulator.url, ...auth, ...options });
}

async function stream(
  model: Model,
  onNotice: (notice: ModelNotice) => void = () => undefined,
): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of model.stream(REQUEST, { onNotice })) types.push(type);
  return types;
}

/** Whether each request so far was prepared by the SDK: it numbers its own. */
function preparedBySdk(): boolean[] {
  return emulator.requests.map(({ headers }) => headers["amz-sdk-invocation-id"] !== undefined);
}

describe("a request after the first of its kind", () => {
  test.each([
    ["a key pair", {}, "sigv4"],
    ["a key pair over HTTP/2", { http2: true }, "sigv4"],
    [
      "a key that lasts",
      { credentials: { ...EMULATOR_CREDENTIALS, expiration: new Date("2100-01-01") } },
      "sigv4",
    ],
    ["an API key", { apiKey: EMULATOR_API_KEY }, "bearer"],
  ] as const)("goes out past the SDK, signed: %s", async (_name, options, auth) => {
    const model = connect(options);
    for (let run = 0; run < 2; run += 1) {
      await model.create(REQUEST);
      await stream(model);
    }
    expect(preparedBySdk()).toEqual([true, true, false, false]);
    const [first, , again] = emulator.requests;
    expect(emulator.requests.map((record) => [record.auth, record.status])).toEqual(
      Array.from({ length: 4 }, () => [auth, 200]),
    );
    expect(again).toMatchObject({ route: "invoke", modelId: CLAUDE, bodyText: first?.bodyText });
    expect(again?.headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
      "user-agent": first?.headers["user-agent"],
    });
  });

  test("has a body of its own", async () => {
    const model = connect();
    await model.create(REQUEST);
    await model.create({ ...REQUEST, max_tokens: 11 });
    expect(emulator.requests.map(({ body }) => (body as ModelRequest).max_tokens)).toEqual([10, 11]);
    expect(preparedBySdk()).toEqual([true, false]);
  });

  test("is the SDK's again when the credentials are about to end", async () => {
    const credentials = { ...EMULATOR_CREDENTIALS, expiration: new Date(Date.now() + 60_000) };
    const model = connect({ credentials });
    await model.create(REQUEST);
    await model.create(REQUEST);
    expect(preparedBySdk()).toEqual([true, true]);
  });

  test("is the SDK's when it paces first attempts", async () => {
    vi.stubEnv("AWS_RETRY_MODE", "adaptive");
    const model = connect();
    await model.create(REQUEST);
    await model.create(REQUEST);
    expect(preparedBySdk()).toEqual([true, true]);
  });
});

describe("a first attempt that fails", () => {
  test("is the first of the SDK's attempts, not one more", async () => {
    const model = connect({ maxAttempts: 2 });
    await model.create(REQUEST);
    emulator.clearRequests();
    emulator.fault({ kind: "throttled", retryAfterSeconds: 0 }, { times: "always" });
    await expect(model.create(REQUEST)).rejects.toMatchObject({
      code: "model-throttled",
      data: { status: 429 },
    });
    expect(preparedBySdk()).toEqual([false, true]);
  });

  test("is not made again when it was refused", async () => {
    const model = connect({ maxAttempts: 3 });
    await model.create(REQUEST);
    emulator.clearRequests();
    emulator.fault({ kind: "validation", message: "Planted." });
    await expect(model.create(REQUEST)).rejects.toMatchObject({
      code: "model-request",
      data: { status: 400 },
    });
    expect(preparedBySdk()).toEqual([false]);
  });

  test("whose answer is cut is made again", async () => {
    const model = connect({ maxAttempts: 2 });
    await model.create(REQUEST);
    emulator.clearRequests();
    emulator.fault({ kind: "cut", afterBytes: 30 });
    expect((await model.create(REQUEST)).stop_reason).toBe("end_turn");
    expect(preparedBySdk()).toEqual([false, true]);
  });

  test.each([false, true])(
    "with an exception as its first event is made again (after a first request: %s)",
    async (again) => {
      const model = connect({ maxAttempts: 2 });
      if (again) await stream(model);
      emulator.clearRequests();
      emulator.fault({
        kind: "stream-exception",
        exception: "throttlingException",
        afterEvents: 0,
        message: "Planted.",
      });
      const notices: ModelNotice[] = [];
      expect((await stream(model, (notice) => notices.push(notice))).at(-1)).toBe("message_stop");
      expect(notices.map(({ reason }) => reason)).toEqual(["ThrottlingException: Planted."]);
      expect(preparedBySdk()).toEqual([!again, true]);
    },
  );

  test("because the clock is wrong has the SDK set it right", async () => {
    const model = connect({ maxAttempts: 2 });
    await model.create(REQUEST);
    emulator.clearRequests();
    const now = Date.now.bind(Date);
    vi.spyOn(Date, "now").mockImplementation(() => now() - 3_600_000);
    try {
      expect((await model.create(REQUEST)).stop_reason).toBe("end_turn");
      expect((await model.create(REQUEST)).stop_reason).toBe("end_turn");
    } finally {
      vi.restoreAllMocks();
    }
    expect(emulator.requests.map(({ status }) => status)).toEqual([403, 200, 200]);
    expect(preparedBySdk()).toEqual([false, true, false]);
  });
});

test("connections stay open, for streams too", async () => {
  const { hostname, port } = new URL(emulator.url);
  let connections = 0;
  const pipe = createServer((incoming, outgoing) => {
    const { method, headers, url: path } = incoming;
    const sent = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(sent);
  }).on("connection", () => (connections += 1));
  await once(pipe.listen(0, "127.0.0.1"), "listening");
  const model = connect({ endpoint: `http://127.0.0.1:${(pipe.address() as AddressInfo).port}` });
  for (let run = 0; run < 4; run += 1) await stream(model);
  await model.create(REQUEST);
  pipe.close();
  pipe.closeAllConnections();
  expect(connections).toBe(1);
});
