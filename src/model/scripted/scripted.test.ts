import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accumulate } from "../accumulate.ts";
import { incompleteInputOf } from "../incomplete-input.ts";
import type { MessageEvent, ModelRequest } from "../model.ts";
import { loadScenario, scripted, type Scenario } from "./scripted.ts";

const CALL = { type: "tool_use", name: "code_execution", input: { code: "print(42)" } };
const SCENARIO: Scenario = [
  { content: [{ type: "text", text: "I count." }, CALL] },
  { content: "It is 42.", expect: '"42"', usage: { input_tokens: 7 } },
];
const FIRST: ModelRequest = { max_tokens: 1, messages: [{ role: "user", content: "How many?" }] };
const SECOND: ModelRequest = {
  max_tokens: 1,
  messages: [
    ...FIRST.messages,
    { role: "assistant", content: [{ ...CALL, id: "t" }] },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: 'said "42"' }] }],
    },
  ],
};

describe("scripted()", () => {
  test("says in every answer that no model was called", async () => {
    const model = scripted(SCENARIO, { name: "demo.json" });
    expect(model).toMatchObject({ id: "scripted:demo.json", scripted: true });
    expect(await model.create(FIRST)).toMatchObject({
      model: "scripted",
      scripted: true,
      type: "message",
      role: "assistant",
    });
    expect(await accumulate(model.stream(FIRST))).toMatchObject({ model: "scripted", scripted: true });
  });

  test("chooses the turn by the history, without state", async () => {
    const model = scripted(SCENARIO);
    for (const _run of [1, 2]) {
      const first = await model.create(FIRST);
      expect(first).toMatchObject({
        stop_reason: "tool_use",
        content: [{ text: "I count." }, { ...CALL, id: "toolu_scripted_0_1" }],
      });
      const second = await model.create(SECOND);
      expect(second).toMatchObject({
        stop_reason: "end_turn",
        content: [{ type: "text", text: "It is 42." }],
        usage: { input_tokens: 7 },
      });
    }
  });

  test("counts neighbouring answers once, and a prefill not at all", async () => {
    const model = scripted((_request, turnIndex) => ({ content: String(turnIndex) }));
    const at = async (...roles: ("user" | "assistant")[]): Promise<unknown> =>
      (await model.create({ max_tokens: 1, messages: roles.map((role) => ({ role, content: "x" })) }))
        .content[0]?.["text"];
    expect(await at("user")).toBe("0");
    expect(await at("user", "assistant")).toBe("0");
    expect(await at("user", "assistant", "assistant", "user")).toBe("1");
    expect(await at("user", "assistant", "user", "assistant", "user")).toBe("2");
  });

  test("stream() is a real sequence of events", async () => {
    const events: MessageEvent[] = [];
    for await (const event of scripted(SCENARIO).stream(FIRST)) {
      events.push(event);
    }
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(await accumulate(events)).toMatchObject({
      content: (await scripted(SCENARIO).create(FIRST)).content,
      stop_reason: "tool_use",
    });
  });

  test("plays an input that was cut", async () => {
    const model = scripted([{ content: [{ ...CALL, input: '{"code": "prin' }], stop_reason: "max_tokens" }]);
    for (const response of [await model.create(FIRST), await accumulate(model.stream(FIRST))]) {
      expect(response.stop_reason).toBe("max_tokens");
      expect(response.content.map(incompleteInputOf)).toEqual(['{"code": "prin']);
    }
  });

  test("refuses what the scenario has no answer for, and says what was asked", async () => {
    const mismatch = (scenario: Scenario, request: ModelRequest): Promise<unknown> =>
      scripted(scenario)
        .create(request)
        .catch((error: unknown) => error);
    expect(await mismatch([], FIRST)).toMatchObject({
      code: "scenario-mismatch",
      message: 'Cannot play turn 0: the scenario has 0 turns; the last message was "How many?"',
      data: { turnIndex: 0, lastMessage: FIRST.messages[0] },
    });
    expect(await mismatch(() => undefined, SECOND)).toMatchObject({
      code: "scenario-mismatch",
      message: expect.stringContaining(
        "Cannot play turn 1: the scenario's function returned nothing",
      ) as unknown,
    });
    expect(await mismatch([{ content: "x", expect: "How few" }], FIRST)).toMatchObject({
      code: "scenario-mismatch",
      message: expect.stringContaining('expects "How few"') as unknown,
    });
  });

  test("waits as told, and an abort ends the wait", async () => {
    const model = scripted([{ content: "late", delayMs: 3_600_000 }]);
    for (const start of [
      (signal: AbortSignal) => model.create(FIRST, { signal }),
      (signal: AbortSignal) => accumulate(model.stream(FIRST, { signal })),
    ]) {
      const controller = new AbortController();
      const waiting = start(controller.signal).catch((error: unknown) => error);
      controller.abort();
      expect(await waiting).toMatchObject({ code: "aborted" });
    }
    const slow = scripted([{ content: "text", eventDelayMs: 1, delayMs: 1 }]);
    expect((await accumulate(slow.stream(FIRST))).content).toEqual([{ type: "text", text: "text" }]);
  });
});

describe("loadScenario()", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "toolscript-scenario-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function load(name: string, text: string): Promise<Scenario> {
    const file = join(folder, name);
    await writeFile(file, text);
    return loadScenario(file);
  }

  test("reads JSON lists, JSON objects and modules", async () => {
    const json = JSON.stringify(SCENARIO);
    expect(await load("list.json", json)).toEqual(SCENARIO);
    expect(await load("object.json", `{"name":"x","turns":${json}}`)).toEqual(SCENARIO);
    expect(await load("list.ts", `export const scenario: object[] = ${json};`)).toEqual(SCENARIO);
    const played = await load(
      "function.mjs",
      "export const scenario = (request, turnIndex) => ({ content: `turn ${turnIndex}` });",
    );
    expect((await scripted(played).create(FIRST)).content).toEqual([{ type: "text", text: "turn 0" }]);
  });

  test.each([
    ["broken.json", "{", "it is not JSON"],
    ["no-list.json", '{"a":1}', "want a list of turns"],
    ["no-object.json", "[1]", "turn 0 is not an object"],
    [
      "no-content.json",
      '[{"content":"x"},{"text":"x"}]',
      '"content" of turn 1 is neither a string nor a list of blocks',
    ],
    ["no-type.json", '[{"content":[{"text":"x"}]}]', '"content" of turn 0'],
    ["no-number.json", '[{"content":"x","delayMs":"1"}]', '"delayMs" of turn 0 is not a number'],
    ["no-export.mjs", "export const other = 1;", 'the module does not export "scenario"'],
    ["throws.mjs", "throw new Error('x');", "the module cannot be loaded"],
    ["scenario.yaml", "", 'want a ".json"'],
  ])("refuses %s and says why", async (name, text, message) => {
    await expect(load(name, text)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining(message) as unknown,
      data: { file: join(folder, name) },
    });
  });

  test("refuses a file that is not there", async () => {
    await expect(loadScenario(join(folder, "none.json"))).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("it cannot be read") as unknown,
    });
  });
});
