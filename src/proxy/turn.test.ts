/**
 * Turns with code execution, through the whole proxy: pause, continue, finish, and everything in between.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  callsOf,
  closeSharedSandbox,
  CODE,
  createScene,
  directTool,
  fitting,
  followUp,
  runs,
  scriptTool,
  withKeys,
  withText,
} from "../../test/fixtures/proxy-scene.ts";
import { wasm } from "../sandbox/wasm/wasm.ts";

afterAll(closeSharedSandbox);

const GATHER = `import asyncio
parts = await asyncio.gather(*[get({"n": n}) for n in range(3)])
print("+".join(parts))`;

describe("POST /v1/messages with code execution", () => {
  test("pauses with one tool_use per call and goes on with results in any order [proxy.pause] [proxy.continue] [proxy.parallel-calls] [proxy.dict-in-text-out] [proxy.completion]", async () => {
    const { post } = createScene([runs(GATHER), { content: "Three." }]);
    const first = await post(ask());
    expect(first.body).toMatchObject({
      stop_reason: "tool_use",
      container: { id: fitting(/^container_/) },
    });
    const [script, ...calls] = first.content;
    expect(script).toMatchObject({
      type: "server_tool_use",
      name: "code_execution",
      input: { code: GATHER },
    });
    expect(calls.map(({ type, name, input }) => ({ type, name, input }))).toEqual(
      [0, 1, 2].map((n) => ({ type: "tool_use", name: "get", input: { n } })),
    );
    const next = answer(ask(), first);
    const last = next.messages.at(-1) as { content: unknown[] };
    last.content.reverse();
    const second = await post(next);
    expect(second.body).toMatchObject({
      stop_reason: "end_turn",
      content: [{}, { type: "text", text: "Three." }],
    });
    expect(second.content[0]).toEqual({
      type: "code_execution_tool_result",
      tool_use_id: script?.id,
      content: { type: "code_execution_result", stdout: "0+1+2\n", stderr: "", return_code: 0, content: [] },
    });
  });

  test("runs in WASM all the same [proxy.runtime]", async () => {
    const sandbox = wasm();
    const { post, proxy } = createScene([runs(GATHER), { content: "Three." }], { sandbox });
    const first = await post(ask());
    const second = await post(answer(ask(), first));
    await proxy.close({ deadlineMs: 0 });
    await sandbox.close();
    expect(second.content[0]?.content.stdout).toBe("0+1+2\n");
  });

  test("names the caller on every call [proxy.caller-everywhere] [proxy.id-prefixes]", async () => {
    const { post } = createScene([runs("await get({})")]);
    const { content, body } = await post(ask());
    expect(content.map(({ id, caller }) => ({ id, caller }))).toEqual([
      { id: fitting(/^srvtoolu_/), caller: { type: "direct" } },
      {
        id: fitting(/^toolu_/),
        caller: { type: "code_execution_20260120", tool_id: content[0]?.id },
      },
    ]);
    expect(body.id).toMatch(/^msg_/);
  });

  test("hands out the next wave alone, with zero usage [proxy.next-pause] [proxy.not-repeated] [proxy.zero-usage]", async () => {
    const usage = { input_tokens: 7, output_tokens: 5 };
    const scene = createScene([
      { ...runs('a = await get({"n": 1})\nb = await get({"n": 2})\nprint(a, b)'), usage },
      { content: "ok", usage },
    ]);
    const first = await scene.post(ask());
    expect(first.body.usage).toMatchObject(usage);
    const body = answer(ask(), first);
    const second = await scene.post(body);
    expect(second.content).toEqual([
      {
        type: "tool_use",
        id: fitting(/^toolu_/),
        name: "get",
        input: { n: 2 },
        caller: { type: "code_execution_20260120", tool_id: first.content[0]?.id },
      },
    ]);
    expect(second.body).toMatchObject({
      stop_reason: "tool_use",
      usage: { input_tokens: 0, output_tokens: 0 },
    });
    expect(scene.requests).toHaveLength(1);
    const third = await scene.post(answer(body, second));
    expect(third.body).toMatchObject({ stop_reason: "end_turn", usage });
    expect(third.content[0]?.content).toMatchObject({ stdout: "1 2\n" });
  });

  test("shows the model one tool, its scripts and their output, never a result [proxy.results-out-of-context] [proxy.only-output-seen] [proxy.separate-messages]", async () => {
    const scene = createScene([
      runs('await get({"n": 1})\nprint("seen")'),
      { content: "ok" },
      { content: "again" },
    ]);
    const first = await scene.post(ask());
    const body = answer(ask(), first, () => "SECRET");
    const second = await scene.post(body);
    await scene.post(followUp(body, second, "And now?"));
    const [before, after, later] = scene.requests;
    expect(before?.tools?.map(({ name }) => name)).toEqual(["code_execution"]);
    expect(before?.tools?.[0]?.description).toContain("async def get(");
    expect(after?.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "Go" }] },
      {
        role: "assistant",
        content: [
          {
            type: "tool_use",
            id: fitting(/^toolu_/),
            name: "code_execution",
            input: { code: 'await get({"n": 1})\nprint("seen")' },
          },
        ],
      },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: fitting(/^toolu_/), content: "seen\n" }],
      },
    ]);
    expect(later?.messages.slice(0, 3)).toEqual(after?.messages);
    expect(later?.messages.slice(3)).toEqual([
      { role: "assistant", content: [{ type: "text", text: "ok" }] },
      { role: "user", content: [{ type: "text", text: "And now?" }] },
    ]);
    expect(JSON.stringify(scene.requests)).not.toContain("SECRET");
  });

  test("runs several scripts in one request [proxy.several-scripts]", async () => {
    const { post } = createScene([runs("x = 20"), runs("print(x + 1)", "print(x + 2)"), { content: "done" }]);
    const { content, body } = await post(ask());
    expect(content.map(({ type }) => type)).toEqual([
      "server_tool_use",
      "code_execution_tool_result",
      "server_tool_use",
      "server_tool_use",
      "code_execution_tool_result",
      "code_execution_tool_result",
      "text",
    ]);
    expect(content.slice(4, 6).map((block) => block["content"].stdout)).toEqual(["21\n", "22\n"]);
    expect(body.stop_reason).toBe("end_turn");
  });

  test("keeps several scripts pending and finishes them one after another [proxy.several-scripts]", async () => {
    const { post } = createScene([
      runs('print(await get({"n": 1}))', 'print(await get({"n": 2}))'),
      { content: "done" },
    ]);
    const first = await post(ask());
    expect(first.content.map(({ type }) => type)).toEqual(["server_tool_use", "server_tool_use", "tool_use"]);
    const body = answer(ask(), first);
    const second = await post(body);
    expect(second.content.map(({ type }) => type)).toEqual(["code_execution_tool_result", "tool_use"]);
    expect(callsOf(second)[0]?.caller.tool_id).toBe(first.content[1]?.id);
    const third = await post(answer(body, second));
    expect(third.content.map(({ type }) => type)).toEqual(["code_execution_tool_result", "text"]);
    expect(third.body.stop_reason).toBe("end_turn");
  });

  test("returns direct calls and scripts of one answer unrun, and runs the script with their results [proxy.mixed-turn]", async () => {
    const tools = [CODE, scriptTool("get"), directTool("weather")];
    const [script] = runs('print(await get({"n": 4}))').content;
    const scene = createScene([
      { content: [script ?? { type: "" }, { type: "tool_use", name: "weather", input: {} }] },
      { content: "sunny" },
    ]);
    const first = await scene.post(ask(tools));
    expect(first.content.map(({ type, caller }) => [type, caller.type])).toEqual([
      ["server_tool_use", "direct"],
      ["tool_use", "direct"],
    ]);
    const body = answer(ask(tools), first, () => "sun");
    const second = await scene.post(body);
    expect(second.content.map(({ type, name }) => [type, name])).toEqual([["tool_use", "get"]]);
    const third = await scene.post(answer(body, second));
    expect(third.content.map(({ type }) => type)).toEqual(["code_execution_tool_result", "text"]);
    expect(scene.requests[1]?.messages.at(-1)?.content).toEqual([
      withKeys({ type: "tool_result", content: "sun" }),
      withKeys({ type: "tool_result", content: "4\n" }),
    ]);
  });

  test("stops with pause_turn at the limit and goes on when the content is sent again [proxy.pause-turn]", async () => {
    const scene = createScene([runs("print(1)"), runs("print(2)"), { content: "end" }], { maxSamples: 2 });
    const first = await scene.post(ask());
    expect(first.body.stop_reason).toBe("pause_turn");
    expect(first.content.at(-1)?.type).toBe("code_execution_tool_result");
    const again = { ...ask(), container: first.body.container.id };
    const second = await scene.post({
      ...again,
      messages: [...again.messages, { role: "assistant", content: first.content }],
    });
    expect(second.body).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text", text: "end" }] });
  });

  test("never runs a script that was cut at max_tokens, and leaves a history that can go on [proxy.max-tokens]", async () => {
    const scene = createScene([
      { ...runs("open('/tmp/x', 'w')"), stop_reason: "max_tokens" },
      { content: "ok" },
    ]);
    const first = await scene.post(ask());
    expect(first.body.stop_reason).toBe("max_tokens");
    expect(first.content.at(-1)?.content).toEqual({
      type: "code_execution_tool_result_error",
      error_code: "invalid_tool_input",
    });
    const second = await scene.post(followUp(ask(), first, "Go on"));
    expect(second.body.stop_reason).toBe("end_turn");
  });

  test("answers a direct call of a code-only tool to the model, not to the client [proxy.callers-enforced]", async () => {
    const scene = createScene([
      {
        content: [
          { type: "text", text: "Hm." },
          { type: "tool_use", name: "get", input: { n: 1 } },
        ],
      },
      { content: [{ type: "tool_use", name: "nothing", input: {} }] },
      { content: "done" },
    ]);
    const { content, body } = await scene.post(ask());
    expect(content).toEqual([
      { type: "text", text: "Hm." },
      { type: "text", text: "done" },
    ]);
    expect(body.stop_reason).toBe("end_turn");
    const results = scene.requests.slice(1).map(({ messages }) => messages.at(-1)?.content);
    expect(results).toEqual([
      [
        withKeys({
          is_error: true,
          content: withText('"get" must not be called directly'),
        }),
      ],
      [withKeys({ is_error: true, content: 'No tool is named "nothing"' })],
    ]);
  });

  test("raises ToolError for is_error, catchable by its message [proxy.is-error]", async () => {
    const code = 'try:\n    await get({"n": 1})\nexcept ToolError as error:\n    print("caught", error)';
    const { post } = createScene([runs(code), { content: "ok" }]);
    const first = await post(ask());
    const second = await post(answer(ask(), first, () => ({ content: "no such order", is_error: true })));
    expect(second.content[0]?.content.stdout).toBe("caught no such order\n");
  });

  test("joins text blocks of a result [proxy.text-results]", async () => {
    const { post } = createScene([runs('print(await get({"n": 1}))'), { content: "ok" }]);
    const first = await post(ask());
    const texts = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    const second = await post(answer(ask(), first, () => texts));
    expect(second.content[0]?.content.stdout).toBe("ab\n");
  });

  test("reports an exception as a result with a traceback [proxy.result-block]", async () => {
    const { post } = createScene([runs("1 / 0"), { content: "ok" }]);
    const { content } = await post(ask());
    expect(content[1]?.content).toMatchObject({
      type: "code_execution_result",
      return_code: 1,
      stderr: withText("ZeroDivisionError"),
    });
  });

  test("refuses input that is no script in band [proxy.result-error-codes]", async () => {
    const { post } = createScene([
      { content: [{ type: "tool_use", name: "code_execution", input: {} }] },
      { content: "ok" },
    ]);
    const { content, body } = await post(ask());
    expect(content[1]?.content).toEqual({
      type: "code_execution_tool_result_error",
      error_code: "invalid_tool_input",
    });
    expect(body.stop_reason).toBe("end_turn");
  });

  test("forces a tool in the first sample only [proxy.forced-once]", async () => {
    const scene = createScene([runs("print(1)"), { content: "ok" }]);
    await scene.post(ask([CODE], { tool_choice: { type: "any" } }));
    expect(scene.requests.map((request) => request["tool_choice"])).toEqual([
      { type: "any" },
      { type: "auto" },
    ]);
  });
});
