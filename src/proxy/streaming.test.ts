/**
 * Streaming: the events of turns with and without code execution, clients that leave, upstreams that fail.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  closeSharedSandbox,
  createScene,
  directTool,
  fitting,
  readSse,
  runs,
  toMessage,
} from "../../test/fixtures/proxy-scene.ts";
import { ToolscriptError } from "../errors.ts";
import type { MessageEvent, Model } from "../model/model.ts";
import { scripted } from "../model/scripted/scripted.ts";

afterAll(closeSharedSandbox);

/** The shape of a stream: types, with block types and delta types. */
function outline(events: readonly MessageEvent[]): string[] {
  return events.map((event) => {
    if (event.type === "content_block_start") return `start ${event.index} ${event.content_block.type}`;
    if (event.type === "content_block_delta") return `delta ${event.index} ${event.delta.type}`;
    return event.type === "content_block_stop" ? `stop ${event.index}` : event.type;
  });
}

const TWO_STEPS = 'a = await get({"n": 1})\nprint(await get({"n": 2}))';

describe("a stream with code execution", () => {
  test("passes text and code on in pieces, calls whole [proxy.stream-code-deltas] [proxy.stream-whole-blocks] [proxy.stream-events]", async () => {
    const [script] = runs("await get({})").content;
    const scene = createScene([{ content: [{ type: "text", text: "Hm." }, script ?? { type: "" }] }]);
    const events = await scene.stream(ask());
    expect(outline(events)).toEqual([
      "message_start",
      "start 0 text",
      "delta 0 text_delta",
      "stop 0",
      "start 1 server_tool_use",
      "delta 1 input_json_delta",
      "delta 1 input_json_delta",
      "stop 1",
      "start 2 tool_use",
      "stop 2",
      "message_delta",
      "message_stop",
    ]);
    expect(events[0]).toMatchObject({ message: { content: [], container: null } });
    expect(events[4]).toMatchObject({
      content_block: { name: "code_execution", input: {}, caller: { type: "direct" } },
    });
    expect(events[5]).toMatchObject({ delta: { partial_json: "" } });
    expect(events[8]).toMatchObject({
      content_block: { name: "get", input: {}, caller: { type: "code_execution_20260120" } },
    });
  });

  test("says the container at the end [proxy.stream-container]", async () => {
    const events = await createScene([runs("await get({})")]).stream(ask());
    expect(events.at(-2)).toMatchObject({
      type: "message_delta",
      delta: {
        stop_reason: "tool_use",
        stop_details: null,
        container: { id: fitting(/^container_/) },
      },
    });
  });

  test("is the same message as without streaming, round after round [proxy.stream-same]", async () => {
    const scene = createScene([runs(TWO_STEPS), { content: "done" }]);
    const first = await toMessage(await scene.stream(ask()));
    const next = answer(ask(), first);
    const secondEvents = await scene.stream(next);
    expect(outline(secondEvents)).toEqual([
      "message_start",
      "start 0 tool_use",
      "stop 0",
      "message_delta",
      "message_stop",
    ]);
    expect(secondEvents[0]).toMatchObject({ message: { usage: { input_tokens: 0, output_tokens: 0 } } });
    const second = await toMessage(secondEvents);
    const third = await scene.stream(answer(next, second));
    expect(outline(third)).toEqual([
      "message_start",
      "start 0 code_execution_tool_result",
      "stop 0",
      "start 1 text",
      "delta 1 text_delta",
      "stop 1",
      "message_delta",
      "message_stop",
    ]);
  });

  test("can prefill what needed no sample [proxy.stream-prefilled]", async () => {
    const scene = createScene([runs(TWO_STEPS)], { unsampledStream: "prefilled" });
    const first = await toMessage(await scene.stream(ask()));
    const events = await scene.stream(answer(ask(), first));
    expect(outline(events)).toEqual(["message_start", "message_stop"]);
    expect(events[0]).toMatchObject({
      message: {
        content: [{ type: "tool_use", input: { n: 2 } }],
        stop_reason: "tool_use",
        container: { id: fitting(/^container_/) },
        usage: { input_tokens: 0, output_tokens: 0 },
      },
    });
  });

  test("pings while a script runs [proxy.stream-ping]", async () => {
    const scene = createScene([runs("import time\ntime.sleep(0.3)"), { content: "ok" }], { pingMs: 20 });
    expect(outline(await scene.stream(ask()))).toContain("ping");
  });

  test("keeps a call of a code-only tool out of the stream [proxy.callers-enforced]", async () => {
    const use = { type: "tool_use", name: "get", input: {} };
    const scene = createScene([{ content: [use, { type: "text", text: "a" }] }, { content: "b" }]);
    const events = await scene.stream(ask());
    expect(events.filter(({ type }) => type === "content_block_start")).toMatchObject([
      { index: 0, content_block: { type: "text" } },
      { index: 1, content_block: { type: "text" } },
    ]);
  });

  test("passes thinking and its signature on untouched, and back to the model [proxy.thinking]", async () => {
    const thinking = { type: "thinking", thinking: "so", signature: "c2ln" };
    const [script] = runs("print(1)").content;
    const scene = createScene([{ content: [thinking, script ?? { type: "" }] }, { content: "ok" }]);
    const message = await toMessage(await scene.stream(ask()));
    expect(message.content[0]).toEqual(thinking);
    expect(scene.requests[1]?.messages[1]?.content[0]).toEqual(thinking);
  });
});

describe("a stream without code execution", () => {
  test("is the model's own, with the caller of calls [proxy.pass-through] [proxy.caller-everywhere]", async () => {
    const use = { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Rome" } };
    const scene = createScene([{ content: [{ type: "text", text: "Hm." }, use] }]);
    const body = ask([directTool("weather")]);
    const streamed = await toMessage(await scene.stream(body));
    const plain = await scene.post(body);
    expect(streamed.content).toEqual([
      { type: "text", text: "Hm." },
      { ...use, caller: { type: "direct" } },
    ]);
    expect(plain.content).toEqual(streamed.content);
    expect(scene.requests[0]).not.toHaveProperty("stream");
    expect(scene.requests[0]?.tools).toEqual(body["tools"]);
  });
});

describe("faults", () => {
  /** Fails after some events. */
  function failing(count: number, error: Error): Model {
    const inner = scripted([{ content: "hello" }]);
    return {
      ...inner,
      async *stream(request, options) {
        let left = count;
        for await (const event of inner.stream(request, options)) {
          if (left === 0) throw error;
          left -= 1;
          yield event;
        }
      },
    };
  }

  test("before the first event are an HTTP status with retry-after", async () => {
    const error = new ToolscriptError("model-throttled", "slow down", {
      data: { exception: "ThrottlingException" },
    });
    const { send } = createScene(failing(0, error));
    for (const tools of [[], undefined]) {
      const response = await send({ ...ask(tools), stream: true });
      expect(response.status).toBe(429);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await response.json()).toMatchObject({
        error: { type: "rate_limit_error", message: "slow down" },
      });
    }
  });

  test("in mid-stream are the error event [proxy.stream-error]", async () => {
    const { send } = createScene(failing(2, new ToolscriptError("model-failed", "cut")));
    for (const tools of [[], undefined]) {
      const events = readSse(await (await send({ ...ask(tools), stream: true })).text());
      expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "api_error", message: "cut" } });
    }
  });

  test("of our own credentials do not look like the client's", async () => {
    const { post } = createScene(
      failing(0, new ToolscriptError("model-access", "arn:aws:iam::123:role/x is not allowed")),
    );
    const { status, body } = await post(ask());
    expect(status).toBe(500);
    expect(body.error.message).not.toContain("arn:");
  });
});

describe("a client that leaves", () => {
  /** A model that streams slowly and tells when it is stopped. */
  function endless(): { model: Model; stopped: Promise<void>; produced: () => number } {
    const { promise, resolve } = Promise.withResolvers<void>();
    let produced = 0;
    const inner = scripted([{ content: "x".repeat(100_000) }]);
    const model: Model = {
      ...inner,
      async *stream(request, options) {
        try {
          for await (const event of inner.stream(request, options)) {
            produced += 1;
            yield event;
          }
        } finally {
          resolve();
        }
      },
    };
    return { model, stopped: promise, produced: () => produced };
  }

  test("stops the upstream, and one that does not read holds it back [proxy.back-pressure]", async () => {
    const { model, stopped, produced } = endless();
    const response = await createScene(model).send({ ...ask(), stream: true });
    const reader = response.body?.getReader();
    for (let at = 0; at < 5; at += 1) await reader?.read();
    expect(produced()).toBeLessThan(10);
    await reader?.cancel();
    await stopped;
  });

  test("that stops reading is given up", async () => {
    const { model, stopped } = endless();
    const response = await createScene(model, { stallMs: 30 }).send({ ...ask(), stream: true });
    expect(response.status).toBe(200);
    await stopped;
  });

  test("takes the container with it when it never heard of it [proxy.client-leaves]", async () => {
    const scene = createScene([runs("import time\nfor _ in range(400): time.sleep(0.05)")]);
    const controller = new AbortController();
    const left = scene.send(ask(), { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    expect((await left).status).toBe(499);
    const metrics = await scene.proxy.fetch(new Request("http://localhost/metrics"));
    expect(await metrics.text()).toContain("\ntoolscript_proxy_containers 0\n");
  });
});
