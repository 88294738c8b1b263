/**
 * The server around the turns: its port, its other routes, its end.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  closeSharedSandbox,
  CODE,
  createScene,
  directTool,
  runs,
  scriptTool,
  withText,
} from "../../test/fixtures/proxy-scene.ts";
import { scripted } from "../model/scripted/scripted.ts";
import { bedrockModelNames } from "./names/model-names.ts";

afterAll(closeSharedSandbox);

const HEADERS = { "anthropic-version": "2026-10-21", "content-type": "application/json" };

async function get(
  scene: ReturnType<typeof createScene>,
  path: string,
): Promise<{ status: number; body: unknown }> {
  const response = await scene.proxy.fetch(new Request(`http://localhost${path}`, { headers: HEADERS }));
  return { status: response.status, body: await response.json() };
}

describe("createProxy().listen()", () => {
  test("serves a whole conversation over a socket", async () => {
    const scene = createScene([runs('print(await get({"n": 7}))'), { content: "seven" }]);
    await using proxy = scene.proxy;
    const { url } = await proxy.listen();
    const post = async (body: unknown) => {
      const response = await fetch(`${url}/v1/messages`, {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify(body),
      });
      const message = (await response.json()) as {
        content: Record<string, unknown>[];
        container: { id: string };
      };
      return { body: message, content: message.content };
    };
    const first = await post(ask());
    const second = await post(answer(ask(), first));
    expect(second.content[0]).toMatchObject({ content: { stdout: "7\n" } });
  });

  test("answers 33 MB with 413 while the client still sends", async () => {
    const { proxy } = createScene([]);
    await using _closed = proxy;
    const { url } = await proxy.listen();
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: HEADERS,
      body: "x".repeat(33 * 1024 * 1024),
    });
    expect([response.status, ((await response.json()) as { error: { type: string } }).error.type]).toEqual([
      413,
      "request_too_large",
    ]);
  });

  test("counts a body without a length", async () => {
    const { proxy } = createScene([], { maxBodyBytes: 1000 });
    await using _closed = proxy;
    const { url } = await proxy.listen();
    const body = new Blob(["x".repeat(5000)]).stream();
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: HEADERS,
      body,
      duplex: "half",
    });
    expect(response.status).toBe(413);
  });

  test("says which port is taken", async () => {
    const { proxy } = createScene([]);
    await using first = proxy;
    const { port } = await first.listen();
    await using second = createScene([]).proxy;
    await expect(second.listen({ port })).rejects.toMatchObject({
      code: "invalid-argument",
      message: withText(`"${port}"`),
    });
  });

  test("aborts the upstream when the client of a plain request leaves", async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const inner = scripted([{ content: "late" }]);
    const { proxy } = createScene({
      ...inner,
      create: (_request, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            resolve();
            reject(new Error("aborted"));
          });
        }),
    });
    await using _closed = proxy;
    const { url } = await proxy.listen();
    const controller = new AbortController();
    const left = fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: HEADERS,
      body: JSON.stringify(ask([])),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 100);
    await expect(left).rejects.toThrow("aborted");
    await gone;
  });
});

describe("a client that leaves a stream", () => {
  test("stops the upstream and the script over a socket, too [proxy.client-leaves]", async () => {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const inner = scripted([
      runs("import time\nfor _ in range(400): time.sleep(0.05)"),
      { content: "never" },
    ]);
    const scene = createScene(
      {
        ...inner,
        async *stream(request, options) {
          yield* inner.stream(request, options);
          resolve();
        },
      },
      { pingMs: 20 },
    );
    await using proxy = scene.proxy;
    const { url } = await proxy.listen();
    const controller = new AbortController();
    const body = JSON.stringify({ ...ask(), stream: true });
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: HEADERS,
      body,
      signal: controller.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await stopped;
    controller.abort();
    await expect
      .poll(async () => await (await fetch(`${url}/metrics`)).text())
      .toContain("\ntoolscript_proxy_containers 0\n");
  });
});

describe("createProxy().close()", () => {
  test("refuses new conversations, lets a paused one finish, and leaves no container [proxy.shutdown]", async () => {
    const scene = createScene([runs("print(await get({}))"), { content: "done" }]);
    const first = await scene.post(ask());
    const closing = scene.proxy.close({ deadlineMs: 20_000 });
    const refused = await scene.post(ask());
    expect([refused.status, refused.body.error.type, refused.headers.get("retry-after")]).toEqual([
      529,
      "overloaded_error",
      "1",
    ]);
    expect((await get(scene, "/readyz")).status).toBe(503);
    const second = await scene.post(answer(ask(), first, () => "x"));
    expect(second.body.stop_reason).toBe("end_turn");
    await closing;
    const gone = await scene.post({ ...ask(), container: first.body.container.id });
    expect(gone.status).toBe(529);
  });

  test("ends paused containers at the deadline", async () => {
    const scene = createScene([runs("await get({})")]);
    await scene.post(ask());
    await scene.proxy.close({ deadlineMs: 50 });
    const metrics = await scene.proxy.fetch(new Request("http://localhost/metrics"));
    expect(await metrics.text()).toContain("\ntoolscript_proxy_containers 0\n");
  });

  test("waits for what samples", async () => {
    const scene = createScene([{ content: "slow", delayMs: 200 }]);
    const asked = scene.post(ask([]));
    await expect.poll(() => scene.requests.length).toBe(1);
    await scene.proxy.close({ deadlineMs: 20_000 });
    expect((await asked).content).toEqual([{ type: "text", text: "slow" }]);
  });
});

describe("other routes", () => {
  test("GET /v1/models lists the names in pages", async () => {
    const scene = createScene([], {
      names: bedrockModelNames({ region: "eu-central-1", overrides: { mine: "x.y" } }),
    });
    const { body } = await get(scene, "/v1/models?limit=2");
    expect(body).toMatchObject({
      data: [{ type: "model", id: "mine", display_name: "mine" }, { id: "claude-opus-5-5" }],
      has_more: true,
      first_id: "mine",
      last_id: "claude-opus-5-5",
    });
    expect((await get(scene, "/v1/models?limit=1&after_id=mine")).body).toMatchObject({
      data: [{ id: "claude-opus-5-5" }],
    });
    // Every field that the newest SDKs' types require.
    expect((await get(scene, "/v1/models/claude-opus-5-5")).body).toEqual({
      type: "model",
      id: "claude-opus-5-5",
      display_name: "Claude Opus 5.5",
      created_at: "1970-01-01T00:00:00Z",
      line: "opus",
      lifecycle: "active",
      capabilities: null,
      max_input_tokens: null,
      max_tokens: null,
      deprecated_at: null,
      retires_at: null,
    });
    expect((await get(scene, "/v1/models/claude-sonnet-4-5")).body).toMatchObject({
      type: "model",
      id: "claude-sonnet-4-5",
    });
    expect((await get(scene, "/v1/models/gpt")).status).toBe(404);
    expect((await get(scene, "/v1/models?limit=x")).status).toBe(400);
  });

  test("POST /v1/messages/count_tokens counts what the model would see, or says that it estimates", async () => {
    const send = async (scene: ReturnType<typeof createScene>) => {
      const { max_tokens: _none, ...body } = ask([CODE, scriptTool("get"), directTool("a")]);
      return scene.send(body, { path: "/v1/messages/count_tokens" });
    };
    const estimated = await send(createScene([]));
    expect(estimated.headers.get("toolscript-token-count")).toBe("estimate");
    expect(((await estimated.json()) as { input_tokens: number }).input_tokens).toBeGreaterThan(20);
    const names: string[][] = [];
    const model = {
      ...scripted([]),
      countTokens: (request: { tools?: readonly { name: string }[] }) => {
        names.push((request.tools ?? []).map(({ name }) => name));
        return Promise.resolve(42);
      },
    };
    const counted = await send(createScene(model));
    expect([await counted.json(), counted.headers.get("toolscript-token-count")]).toEqual([
      { input_tokens: 42 },
      null,
    ]);
    expect(names).toEqual([["code_execution", "a"]]);
  });

  test("GET /healthz, /readyz and /metrics need no key", async () => {
    const scene = createScene([{ content: "ok" }], { isReady: () => false });
    await scene.post(ask());
    expect((await get(scene, "/healthz")).status).toBe(200);
    expect((await get(scene, "/readyz")).status).toBe(503);
    const metrics = await scene.proxy.fetch(new Request("http://localhost/metrics"));
    const text = await metrics.text();
    expect(text).toContain('toolscript_proxy_requests_total{kind="code",status="200"} 1');
    expect(text).toContain("toolscript_proxy_samples_total 1");
  });

  test("an unknown model is a 404", async () => {
    const { status, body } = await createScene([], { names: bedrockModelNames() }).post(
      ask([], { model: "gpt-9" }),
    );
    expect([status, body.error]).toEqual([404, { type: "not_found_error", message: "model: gpt-9" }]);
  });
});
