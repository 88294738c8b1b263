import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  ask,
  closeSharedSandbox,
  CODE,
  createScene,
  directTool,
  runs,
} from "../../test/fixtures/proxy-scene.ts";
import { forwardTo } from "./forward.ts";

afterAll(closeSharedSandbox);

/** An upstream behind `fetch` that tells what it was sent. */
function upstream(answer: () => Response) {
  const seen: { url: string; headers: Record<string, string>; body: string }[] = [];
  const fakeFetch = (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const body = new TextDecoder().decode(init.body as Uint8Array);
    seen.push({ url: url as string, headers: init.headers as Record<string, string>, body });
    return Promise.resolve(answer());
  };
  return { seen, forward: forwardTo({ baseUrl: "http://up/v1/", apiKey: "theirs", fetch: fakeFetch }) };
}

describe("forward", () => {
  test("sends and returns bytes as they are when nothing must change", async () => {
    const headers = {
      "content-type": "text/event-stream",
      "anthropic-ratelimit-requests-limit": "5",
      server: "x",
    };
    const { seen, forward } = upstream(() => new Response("event: ping\ndata: {}\n\n", { headers }));
    const { send } = createScene([], { forward });
    const body = JSON.stringify(ask([directTool("a")], { odd: 1 }), undefined, 3);
    const response = await send(body, { headers: { "x-api-key": "mine", "anthropic-beta": "b" } });
    expect(await response.text()).toBe("event: ping\ndata: {}\n\n");
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/event-stream",
      "anthropic-ratelimit-requests-limit": "5",
      "request-id": response.headers.get("request-id"),
    });
    expect(seen).toEqual([
      {
        url: "http://up/v1/messages",
        headers: {
          "anthropic-version": "2026-10-21",
          "anthropic-beta": "b",
          "content-type": "application/json",
          "x-api-key": "theirs",
        },
        body,
      },
    ]);
  });

  test("is not used for code execution, a history with scripts, or another model name", async () => {
    const { seen, forward } = upstream(() => new Response("{}"));
    const scene = createScene([runs("print(1)"), { content: "ok" }, { content: "ok" }], { forward });
    const first = await scene.post(ask([CODE]));
    const history = [
      { role: "assistant", content: first.content },
      { role: "user", content: "x" },
    ];
    await scene.post(ask([], { messages: [{ role: "user", content: "Go" }, ...history] }));
    const renamed = createScene([{ content: "ok" }], {
      forward,
      names: { resolve: () => "other", list: () => [] },
    });
    expect((await renamed.post(ask([]))).status).toBe(200);
    expect(seen).toEqual([]);
  });

  test("keeps the upstream's errors, but for those of our own key", async () => {
    let status = 429;
    const { forward } = upstream(
      () => new Response('{"type":"error"}', { status, headers: { "retry-after": "7" } }),
    );
    const { send } = createScene([], { forward });
    const limited = await send(ask([]));
    expect([limited.status, limited.headers.get("retry-after"), await limited.text()]).toEqual([
      429,
      "7",
      '{"type":"error"}',
    ]);
    status = 401;
    const refused = await send(ask([]));
    expect([refused.status, await refused.json()]).toMatchObject([500, { error: { type: "api_error" } }]);
  });

  test("is the API's error when there is no upstream", async () => {
    const forward = () => Promise.reject(new TypeError("fetch failed"));
    const { status, body } = await createScene([], { forward }).post(ask([]));
    expect([status, body.error.type]).toEqual([500, "api_error"]);
  });

  test("sends a large body as it is, with its length", async () => {
    const bodies: unknown[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push([request.headers["content-length"], Buffer.concat(chunks).toString()]);
        response.end("{}");
      });
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { send } = createScene([], { forward: forwardTo({ baseUrl: `http://127.0.0.1:${port}` }) });
    const body = JSON.stringify(ask([], { system: 'Grüße "😀" '.repeat(200_000) }), undefined, 1);
    expect((await send(body)).status).toBe(200);
    expect(bodies).toEqual([[String(Buffer.byteLength(body)), body]]);
  });
});
