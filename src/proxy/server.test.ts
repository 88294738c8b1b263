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
  followUp,
  runs,
  scriptTool,
  withKeys,
  withText,
} from "../../test/fixtures/proxy-scene.ts";
import { accumulate } from "../model/accumulate.ts";
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
      data: [{ type: "model", id: "mine", display_name: "mine" }, { id: "claude-opus-5" }],
      has_more: true,
      first_id: "mine",
      last_id: "claude-opus-5",
    });
    expect((await get(scene, "/v1/models?limit=1&after_id=mine")).body).toMatchObject({
      data: [{ id: "claude-opus-5" }],
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

describe("what the model gets", () => {
  test("caching markers stay, and move on from blocks that it does not see [proxy.cache-control]", async () => {
    const marker = { type: "ephemeral" };
    const scene = createScene([runs("print(await get({}))"), { content: "ok" }, { content: "more" }]);
    const tools = [{ ...CODE, cache_control: marker }, scriptTool("get")];
    const first = await scene.post(ask(tools));
    const next = answer(ask(tools), first, () => ({ content: "x", cache_control: marker }));
    const second = await scene.post(next);
    const third = followUp(next, second, [
      { type: "text", text: "And?", cache_control: { type: "ephemeral", ttl: "1h" } },
    ]);
    await scene.post(third);
    expect(scene.requests[0]?.tools?.[0]).toMatchObject({ name: "code_execution", cache_control: marker });
    expect(scene.requests[2]?.messages.slice(2)).toEqual([
      { role: "user", content: [withKeys({ type: "tool_result", cache_control: marker })] },
      { role: "assistant", content: [{ type: "text", text: "ok" }] },
      {
        role: "user",
        content: [{ type: "text", text: "And?", cache_control: { type: "ephemeral", ttl: "1h" } }],
      },
    ]);
  });

  test("a tool without allowed_callers is the model's alone; one with both is offered both ways [proxy.allowed-callers-default] [proxy.both-callers]", async () => {
    const both = scriptTool("both", { allowed_callers: ["direct", "code_execution_20260120"] });
    const scene = createScene([{ content: [{ type: "tool_use", name: "both", input: {} }] }]);
    const { content } = await scene.post(ask([CODE, directTool("plain"), both]));
    const [request] = scene.requests;
    expect(request?.tools?.map(({ name }) => name)).toEqual(["code_execution", "plain", "both"]);
    expect(request?.tools?.[0]?.description).toContain("async def both(");
    expect(request?.tools?.[0]?.description).not.toContain("plain");
    expect(JSON.stringify(request)).not.toContain("allowed_callers");
    expect(content).toMatchObject([{ type: "tool_use", name: "both", caller: { type: "direct" } }]);
  });

  test("usage of several samples is added up [proxy.usage]", async () => {
    const usage = {
      input_tokens: 5,
      output_tokens: 2,
      cache_read_input_tokens: 1,
      cache_creation: { ephemeral_5m_input_tokens: 3 },
    };
    const scene = createScene([
      { ...runs("print(1)"), usage },
      { content: "ok", usage },
    ]);
    const total = {
      input_tokens: 10,
      output_tokens: 4,
      cache_read_input_tokens: 2,
      cache_creation: { ephemeral_5m_input_tokens: 6 },
    };
    expect((await scene.post(ask())).body.usage).toEqual(total);
    expect((await accumulate(await scene.stream(ask()))).usage).toEqual(total);
  });

  test("keys that nobody knows pass through both ways [proxy.extra-keys] [proxy.message-shape]", async () => {
    const scene = createScene([{ content: [{ type: "text", text: "a", citations: null, odd: 1 }] }]);
    const { body } = await scene.post(ask(undefined, { odd: { deep: true } }));
    expect(scene.requests[0]).toMatchObject({ odd: { deep: true } });
    expect(body).toMatchObject({
      type: "message",
      role: "assistant",
      content: [{ text: "a", odd: 1 }],
      stop_reason: "end_turn",
      stop_sequence: null,
    });
  });
});
