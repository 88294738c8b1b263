/**
 * Containers: what persists, who may use them, when they end, and what a client that leaves does to them.
 */
import { setTimeout as wait } from "node:timers/promises";
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
  sharedSandbox,
  withKeys,
} from "../../test/fixtures/proxy-scene.ts";
import type { Access } from "./http/access.ts";
import { readApiKey } from "./http/access.ts";

afterAll(closeSharedSandbox);

/** Every key is its own owner. */
const byKey: Access = {
  check({ headers }) {
    const key = readApiKey(headers) ?? "none";
    return { ok: true, keyName: key, ownerId: key, limits: { maxContainers: 2 } };
  },
};

describe("containers", () => {
  test("keep variables between requests, by either form of the id [proxy.repl-persists] [proxy.container-string] [proxy.container-object]", async () => {
    const scene = createScene([
      runs("x = 41"),
      { content: "set" },
      runs("x += 1\nprint(x)"),
      { content: "read" },
    ]);
    const first = await scene.post(ask());
    const { id } = first.body.container;
    const body = followUp(ask(), first, "Read it");
    for (const container of [id, { id }, { id, skills: null }]) {
      const second = await scene.post({ ...body, container });
      expect(second.body.container.id).toBe(id);
      expect(second.content[1]?.content.stdout).toMatch(/^4[234]\n$/);
    }
  });

  test("are new without an id, and absent when no script ran [proxy.container-null] [proxy.container-shape]", async () => {
    const scene = createScene((_request, turn) => (turn === 0 ? { content: "hello" } : runs("print(1)")));
    const first = await scene.post(ask(undefined, { container: null }));
    expect(first.body.container).toBeNull();
    const [a, b] = await Promise.all([1, 2].map(() => scene.post(followUp(ask(), first, "Run"))));
    expect(a?.body.container).toEqual({
      id: fitting(/^container_/),
      expires_at: fitting(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      skills: null,
    });
    expect(a?.body.container.id).not.toBe(b?.body.container.id);
  });

  test("expire later with every response [proxy.expires-rolling]", async () => {
    const scene = createScene([runs("await get({})"), { content: "ok" }]);
    const first = await scene.post(ask());
    await expect
      .poll(() => Date.now())
      .toBeGreaterThan(Date.parse(first.body.container.expires_at) - 300_000);
    const second = await scene.post(answer(ask(), first));
    expect(Date.parse(second.body.container.expires_at)).toBeGreaterThan(
      Date.parse(first.body.container.expires_at),
    );
  });

  test("that are unknown are refused, not replaced [proxy.container-unknown] [proxy.container-never-replaced]", async () => {
    const { status, body } = await createScene([]).post(ask(undefined, { container: "container_no" }));
    expect(status).toBe(404);
    expect(body.error).toEqual({
      type: "not_found_error",
      message: "container: Container `container_no` was not found",
    });
  });

  test("of another key are not there for others [proxy.container-foreign]", async () => {
    const scene = createScene([runs("await get({})"), { content: "ok" }], { access: byKey });
    const first = await scene.post(ask(), { "x-api-key": "alice" });
    const next = answer(ask(), first);
    const foreign = await scene.post(next, { "x-api-key": "bob" });
    const id = first.body.container.id;
    const unknown = await scene.post({ ...next, container: `${id}x` }, { "x-api-key": "bob" });
    expect([foreign.status, foreign.body.error.type]).toEqual([404, "not_found_error"]);
    expect(foreign.body.error.message).toBe(unknown.body.error.message.replace(`${id}x`, id));
    const own = await scene.post(next, { authorization: "Bearer alice" });
    expect(own.status).toBe(200);
  });

  test("that have expired say so [proxy.container-expired]", async () => {
    const scene = createScene([runs("await get({})")], { containerIdleMs: 20 });
    const first = await scene.post(ask());
    const next = answer(ask(), first);
    await expect.poll(async () => (await scene.post(next)).status).toBe(400);
    const { body } = await scene.post(next);
    expect(body.error.message).toContain("has expired. Send the request without `container`");
  });

  test("are limited by key", async () => {
    const scene = createScene([runs("await get({})")], { access: byKey });
    const responses = [];
    for (let at = 0; at < 3; at += 1) responses.push(await scene.post(ask()));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(responses[2]?.headers.get("retry-after")).toBe("30");
    await scene.proxy.close({ deadlineMs: 0 });
  });

  test("serve a new conversation when the old one was given up", async () => {
    const scene = createScene((request) =>
      JSON.stringify(request.messages).includes("again") ? runs("print(x)") : runs("x = 5\nawait get({})"),
    );
    const first = await scene.post(ask());
    const fresh = {
      ...ask(),
      container: first.body.container.id,
      messages: [{ role: "user", content: "again" }],
    };
    const second = await scene.post(fresh);
    expect(second.content[1]?.content).toMatchObject({ stdout: "5\n", return_code: 0 });
    const lost = await scene.post(answer(ask(), first));
    expect(lost.body.error.message).toContain("unexpected `tool_use_id` found");
  });

  test("get a fresh interpreter after a script killed its own, and the model is told [proxy.result-error-codes]", async () => {
    const scene = createScene([
      runs("import os\nos._exit(9)"),
      { content: "gone" },
      runs("print('alive')"),
      { content: "ok" },
    ]);
    const first = await scene.post(ask());
    expect(first.content[1]?.content).toEqual({
      type: "code_execution_tool_result_error",
      error_code: "unavailable",
    });
    const second = await scene.post(followUp(ask(), first, "Again"));
    expect(second.body.container.id).toBe(first.body.container.id);
    expect(second.content[1]?.content.stdout).toBe("alive\n");
  });

  test("tell the model when code execution is unavailable [proxy.result-error-codes]", async () => {
    const sandbox = { ...sharedSandbox(), open: () => Promise.reject(new Error("no sandbox")) };
    const { content, body } = await createScene([runs("print(1)"), { content: "sorry" }], { sandbox }).post(
      ask(),
    );
    expect(content[1]?.content).toEqual({
      type: "code_execution_tool_result_error",
      error_code: "unavailable",
    });
    expect(body.stop_reason).toBe("end_turn");
  });
});

describe("budgets of a script", () => {
  test("a cell that computes too long is a result with a notice [proxy.cell-limit]", async () => {
    const scene = createScene([runs("while True: pass"), { content: "ok" }], { limits: { runningMs: 100 } });
    const { content } = await scene.post(ask());
    const result = content[1]?.content;
    expect(result?.return_code).not.toBe(0);
    expect(result?.stderr).toContain("The script was interrupted");
  });

  test("a script that swallows the interrupt is ended; the next one gets a fresh interpreter [proxy.execution-time-exceeded]", async () => {
    const stubborn = "sum(range(10**13))";
    const limits = { runningMs: 100, interruptGraceMs: 100 };
    const scene = createScene([runs(stubborn), runs("print('alive')"), { content: "ok" }], { limits });
    const { content } = await scene.post(ask());
    expect(content[1]?.content).toEqual({
      type: "code_execution_tool_result_error",
      error_code: "execution_time_exceeded",
    });
    expect(content[3]?.content.stdout).toBe("alive\n");
  });

  test("a call that is not answered in time is a TimeoutError in the script, and its late result is ignored [proxy.tool-wait-timeout] [proxy.late-results]", async () => {
    const code =
      'try:\n    await get({"n": 1})\nexcept TimeoutError as error:\n    print(error)\nprint(await get({"n": 2}))';
    const scene = createScene([runs(code), { content: "ok" }], { limits: { callMs: 100 } });
    const first = await scene.post(ask());
    await wait(150);
    const next = answer(ask(), first);
    const second = await scene.post(next);
    expect(callsOf(second).map(({ input }) => input)).toEqual([{ n: 2 }]);
    const third = await scene.post(answer(next, second));
    expect(third.content[0]?.content.stdout).toBe(
      "Calling tool ['get'] timed out (no response after 0.1s).\n2\n",
    );
  });

  test("time in which a script waits for its client does not count [proxy.wait-not-counted]", async () => {
    const scene = createScene([runs('print(await get({"n": 1}))'), { content: "ok" }], {
      limits: { runningMs: 200 },
    });
    const first = await scene.post(ask());
    await wait(400);
    const second = await scene.post(answer(ask(), first));
    expect(second.content[0]?.content).toMatchObject({ stdout: "1\n", return_code: 0 });
  });

  test("a script wakes by its own timer while its client is away; new calls come with the next response [proxy.late-results]", async () => {
    const code = `import asyncio
try:
    await asyncio.wait_for(get({"n": 1}), 0.05)
except TimeoutError:
    print(await get({"n": 2}))`;
    const scene = createScene([runs(code), { content: "ok" }]);
    const first = await scene.post(ask());
    await wait(150);
    const next = answer(ask(), first);
    const second = await scene.post(next);
    expect(callsOf(second).map(({ input }) => input)).toEqual([{ n: 2 }]);
    const third = await scene.post(answer(next, second));
    expect(third.content[0]?.content.stdout).toBe("2\n");
  });
});

describe("a finished conversation", () => {
  test.each([
    ["without a container", undefined],
    ["without the code tool", [directTool("a")]],
    ["without any tool", []],
  ])("goes on %s [proxy.pending-marker]", async (_title, tools) => {
    const scene = createScene([runs("print(1)"), { content: "one" }, { content: "two" }]);
    const first = await scene.post(ask());
    const { container: _gone, ...body } = followUp(ask(), first, "And?");
    const second = await scene.post(tools === undefined ? body : { ...body, tools });
    expect(second.content).toEqual([{ type: "text", text: "two" }]);
    expect(scene.requests.at(-1)?.messages[2]?.content).toEqual([
      withKeys({ type: "tool_result", content: "1\n" }),
    ]);
  });

  test("may change its tools from one request to the next [proxy.tools-may-change]", async () => {
    const scene = createScene([
      runs("print(1)"),
      { content: "one" },
      runs('print(await other({"n": 3}))'),
      { content: "ok" },
    ]);
    const first = await scene.post(ask());
    const body = { ...followUp(ask(), first, "Other"), tools: [CODE, scriptTool("other")] };
    const second = await scene.post(body);
    expect(callsOf(second).map(({ name }) => name)).toEqual(["other"]);
    expect((await scene.post(answer(body, second))).body.stop_reason).toBe("end_turn");
  });
});

test("types and callers of every version are accepted, and responses mirror the oldest only [proxy.code-tool-types] [proxy.callers-interchangeable] [proxy.mirror-old-caller]", async () => {
  const callers = ["code_execution_20250825", "code_execution_20260120", "code_execution_20260521"];
  const code = "import asyncio\nawait asyncio.gather(get0({}), get1({}), get2({}))";
  const seen = [];
  for (const type of ["code_execution_20250522", ...callers]) {
    const tools = callers.map((caller, at) => scriptTool(`get${at}`, { allowed_callers: [caller] }));
    const first = await createScene([runs(code)]).post(ask([{ type, name: "code_execution" }, ...tools]));
    seen.push([type, ...callsOf(first).map(({ name, caller }) => `${name} ${caller.type}`)]);
  }
  const mirrored = (type: string) => [0, 1, 2].map((at) => `get${at} ${type}`);
  expect(seen).toEqual([
    ["code_execution_20250522", ...mirrored("code_execution_20250825")],
    ["code_execution_20250825", ...mirrored("code_execution_20250825")],
    ["code_execution_20260120", ...mirrored("code_execution_20260120")],
    ["code_execution_20260521", ...mirrored("code_execution_20260120")],
  ]);
});

test("headers of every SDK are accepted [proxy.beta-headers] [proxy.versions] [proxy.keys-both-ways] [proxy.beta-query]", async () => {
  const { send } = createScene([{ content: "ok" }]);
  const old = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "advanced-tool-use-2025-11-20,code-execution-2025-08-25",
    "x-api-key": "k",
  };
  const current = { "anthropic-version": "2026-10-21", authorization: "Bearer k" };
  expect((await send(ask(), { headers: old, path: "/v1/messages?beta=true" })).status).toBe(200);
  expect((await send(ask(), { headers: current })).status).toBe(200);
});
