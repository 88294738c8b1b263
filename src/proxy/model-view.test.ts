/**
 * What the model gets of a client's request, and what of the model's answer is the client's: beside the turns themselves.
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
} from "../../test/fixtures/proxy-scene.ts";
import { accumulate } from "../model/accumulate.ts";

afterAll(closeSharedSandbox);

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
