/** The Messages API adapter over real sockets, against a small endpoint of `node:http`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ToolscriptError } from "../../errors.ts";
import { accumulate } from "../accumulate.ts";
import type { ModelNotice, ModelRequest, ModelResponse } from "../model.ts";
import { responseToEvents } from "../response-events.ts";
import { anthropic, type AnthropicOptions } from "./anthropic.ts";

const REQUEST: ModelRequest = {
  max_tokens: 10,
  messages: [{ role: "user", content: "Hi" }],
  unknown_key: { kept: true },
};
const MESSAGE: ModelResponse = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [
    { type: "text", text: "Grüße 😀. ".repeat(30) },
    { type: "tool_use", id: "t", name: "n", input: { a: [1] } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 9, cache_read_input_tokens: 2 },
  extra: "kept",
};

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  readonly closed: Promise<unknown>;
}
type Handler = (response: ServerResponse, attempt: number) => void;

let handler: Handler;
const seen: Seen[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    seen.push({ url: request.url, headers: request.headers, body, closed: once(response, "close") });
    handler(response, seen.length);
  });
});
let baseUrl = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function connect(options: AnthropicOptions = {}): ReturnType<typeof anthropic> {
  return anthropic("m", { baseUrl, apiKey: "key", ...options });
}

function sse(...events: readonly object[]): string {
  return events
    .map((event) => `event: ${String(Reflect.get(event, "type"))}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

const answerJson: Handler = (response) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(MESSAGE));
};
const answerStream: Handler = (response) => {
  response
    .setHeader("content-type", "text/event-stream")
    .end(sse({ type: "ping" }, ...responseToEvents(MESSAGE)));
};

function answerError(status: number, type: string, headers: Record<string, string> = {}): Handler {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", "request-id": "req_1", ...headers });
    response.end(JSON.stringify({ type: "error", error: { type, message: "Planted." } }));
  };
}

function failure(work: Promise<unknown>): Promise<ToolscriptError> {
  return work.then(
    () => {
      throw new Error("It did not fail");
    },
    (error: unknown) => error as ToolscriptError,
  );
}

describe("anthropic()", () => {
  test("create() sends the request and returns the answer as they are", async () => {
    handler = answerJson;
    expect(await connect().create(REQUEST)).toEqual(MESSAGE);
    expect(seen[0]).toMatchObject({
      url: "/v1/messages",
      headers: { "x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json" },
      body: { ...REQUEST, model: "m", stream: false },
    });
    expect(seen[0]?.headers).not.toHaveProperty("authorization");
  });

  test("stream() yields the endpoint's events", async () => {
    handler = answerStream;
    expect(await accumulate(connect().stream(REQUEST))).toEqual(MESSAGE);
    expect(seen[0]?.body).toEqual({ ...REQUEST, model: "m", stream: true });
  });

  test("sends a bearer token and other headers when asked to", async () => {
    handler = answerJson;
    await connect({
      auth: "bearer",
      headers: { "Anthropic-Version": "2026-10-21", "anthropic-beta": "x" },
    }).create(REQUEST);
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer key",
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "x",
    });
    expect(seen[0]?.headers).not.toHaveProperty("x-api-key");
  });

  test("takes base URLs with a path, a slash or the version at the end", async () => {
    handler = answerJson;
    for (const suffix of ["/", "/v1", "/gateway/", "/v1/messages"]) {
      await connect({ baseUrl: baseUrl + suffix }).create(REQUEST);
    }
    expect(seen.map(({ url }) => url)).toEqual([
      "/v1/messages",
      "/v1/messages",
      "/gateway/v1/messages",
      "/v1/messages",
    ]);
  });

  test("maps errors of the endpoint", async () => {
    for (const [status, type, code] of [
      [400, "invalid_request_error", "model-request"],
      [404, "not_found_error", "model-request"],
      [413, "request_too_large", "model-request"],
      [401, "authentication_error", "model-access"],
      [402, "billing_error", "model-access"],
      [403, "permission_error", "model-access"],
      [429, "rate_limit_error", "model-throttled"],
      [529, "overloaded_error", "model-throttled"],
      [504, "timeout_error", "model-timeout"],
      [500, "api_error", "model-failed"],
    ] as const) {
      handler = answerError(status, type);
      const error = await failure(connect({ maxRetries: 0 }).create(REQUEST));
      expect(error).toMatchObject({ code, data: { status, type, requestId: "req_1" } });
      expect(error.message).toMatch(new RegExp(`^Cannot call model "m": status ${status}, ${type}: Planted`));
    }
  });

  test("maps answers that are not the Messages API's", async () => {
    handler = (response) => response.writeHead(502).end("<html>Bad gateway</html>");
    const error = await failure(connect({ maxRetries: 0 }).create(REQUEST));
    expect(error).toMatchObject({
      code: "model-failed",
      message: expect.stringContaining("status 502: <html>Bad gateway") as unknown,
    });
    handler = (response) => response.end("hello");
    expect((await failure(connect().create(REQUEST))).message).toContain("did not send a message");
  });

  test.each([429, 500, 503, 529])("tries again after status %d and says so", async (status) => {
    handler = (response, attempt) =>
      (attempt < 3 ? answerError(status, "x", { "retry-after": "0" }) : answerStream)(response, attempt);
    const notices: ModelNotice[] = [];
    const response = await accumulate(
      connect().stream(REQUEST, { onNotice: (notice) => notices.push(notice) }),
    );
    expect(response).toEqual(MESSAGE);
    expect(notices).toMatchObject([
      { type: "retry", attempt: 1, delayMs: 0 },
      { type: "retry", attempt: 2, delayMs: 0 },
    ]);
    expect(notices[0]?.reason).toContain(`status ${status}`);
  });

  test("stops trying after maxRetries, and at once for what cannot pass", async () => {
    handler = answerError(529, "overloaded_error", { "retry-after": "0" });
    expect((await failure(connect({ maxRetries: 1 }).create(REQUEST))).code).toBe("model-throttled");
    expect(seen).toHaveLength(2);
    handler = answerError(400, "invalid_request_error");
    await failure(connect().create(REQUEST));
    expect(seen).toHaveLength(3);
  });

  test("tries again when the connection breaks before the answer", async () => {
    handler = (response, attempt) => (attempt === 1 ? response.destroy() : answerJson(response, attempt));
    expect(await connect().create(REQUEST)).toEqual(MESSAGE);
  });

  test("turns error events and broken streams into errors", async () => {
    const [start] = responseToEvents(MESSAGE);
    const stream = async (body: string, cut = false): Promise<ToolscriptError> => {
      handler = (response) => {
        response
          .setHeader("content-type", "text/event-stream")
          .write(body, () => (cut ? response.destroy() : response.end()));
      };
      return failure(accumulate(connect({ maxRetries: 0 }).stream(REQUEST)));
    };
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    expect(await stream(sse(start ?? {}, overloaded))).toMatchObject({
      code: "model-throttled",
      message: expect.stringContaining("overloaded_error: Overloaded") as unknown,
    });
    expect(await stream(sse(start ?? {}))).toMatchObject({
      code: "model-failed",
      message: expect.stringContaining('without "message_stop"') as unknown,
    });
    expect(await stream(sse(start ?? {}), true)).toMatchObject({ code: "model-failed" });
    expect(await stream("data: {cut\n\n")).toMatchObject({
      code: "model-failed",
      message: expect.stringContaining("an event is not JSON") as unknown,
    });
  });

  test("an abort ends the request: before the answer, in a stream, in a wait", async () => {
    const controller = new AbortController();
    const arrived = Promise.withResolvers<void>();
    handler = () => arrived.resolve();
    const waiting = failure(connect().create(REQUEST, { signal: controller.signal }));
    await arrived.promise;
    controller.abort();
    expect(await waiting).toMatchObject({ code: "aborted" });
    await seen[0]?.closed;

    const inStream = new AbortController();
    handler = (response) => void response.write(sse(...responseToEvents(MESSAGE)).slice(0, 900));
    const read = async (): Promise<void> => {
      for await (const _event of connect().stream(REQUEST, { signal: inStream.signal })) {
        inStream.abort();
      }
    };
    expect(await failure(read())).toMatchObject({ code: "aborted" });
    await seen[1]?.closed;

    const inWait = new AbortController();
    handler = answerError(529, "overloaded_error", { "retry-after": "60" });
    const retrying = failure(
      connect().create(REQUEST, { signal: inWait.signal, onNotice: () => inWait.abort() }),
    );
    expect(await retrying).toMatchObject({ code: "aborted" });
  });

  test("a reader that leaves ends the request", async () => {
    handler = (response) => void response.write(sse(...responseToEvents(MESSAGE)).slice(0, 900));
    for await (const _event of connect().stream(REQUEST)) {
      break;
    }
    await seen[0]?.closed;
    expect(seen).toHaveLength(1);
  });

  test("silence ends in `model-timeout`, before and in a stream", async () => {
    handler = () => undefined;
    expect(await failure(connect({ timeoutMs: 50 }).create(REQUEST))).toMatchObject({
      code: "model-timeout",
    });
    handler = (response) => void response.write(sse({ type: "ping" }));
    expect(await failure(accumulate(connect({ timeoutMs: 50 }).stream(REQUEST)))).toMatchObject({
      code: "model-timeout",
    });
  });

  test("nobody at the endpoint is `model-failed` with advice", async () => {
    const error = await failure(connect({ baseUrl: "http://127.0.0.1:1", maxRetries: 0 }).create(REQUEST));
    expect(error).toMatchObject({
      code: "model-failed",
      message: expect.stringContaining('check "baseUrl" and the network') as unknown,
    });
  });

  test("keeps the key of the environment from other endpoints, and follows no redirect", async () => {
    const before = process.env["ANTHROPIC_API_KEY"];
    process.env["ANTHROPIC_API_KEY"] = "from-environment";
    try {
      handler = answerJson;
      await anthropic("m", { baseUrl }).create(REQUEST);
      expect(seen[0]?.headers).not.toHaveProperty("x-api-key");
    } finally {
      if (before === undefined) {
        delete process.env["ANTHROPIC_API_KEY"];
      } else {
        process.env["ANTHROPIC_API_KEY"] = before;
      }
    }
    handler = (response) => response.writeHead(307, { location: `${baseUrl}/elsewhere` }).end();
    expect(await failure(connect({ maxRetries: 0 }).create(REQUEST))).toMatchObject({ code: "model-failed" });
    expect(seen).toHaveLength(2);
  });

  test("calls the timeouts of Node's fetch by their name", async () => {
    const cause = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
    const model = connect({
      maxRetries: 0,
      fetch: () => Promise.reject(new TypeError("fetch failed", { cause })),
    });
    expect(await failure(model.create(REQUEST))).toMatchObject({ code: "model-timeout" });
  });

  test("uses the fetch that it is given, and names itself", async () => {
    const model = connect({ fetch: () => Promise.resolve(Response.json(MESSAGE)) });
    expect(await model.create(REQUEST)).toEqual(MESSAGE);
    expect(model).toMatchObject({ id: "anthropic:m", scripted: false });
  });

  test("an unusable option is `invalid-argument`", () => {
    expect(() => anthropic("m", { baseUrl: "not a url" })).toThrow('Cannot use "baseUrl" "not a url"');
    expect(() => anthropic("")).toThrow('Cannot use model ""');
    expect(() => anthropic("m", { timeoutMs: -1 })).toThrow('Cannot use "timeoutMs" -1');
  });
});
