import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accumulate, MessageAccumulator } from "./accumulate.ts";
import { incompleteInputOf, withInputJson } from "./incomplete-input.ts";
import type { ContentBlock, MessageEvent, ModelResponse } from "./model.ts";
import { responseToEvents } from "./response-events.ts";

const MESSAGE: ModelResponse = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 4 },
};
const START: MessageEvent = { type: "message_start", message: MESSAGE };
const STOP: MessageEvent = { type: "message_stop" };

function blockEvents(index: number, content_block: ContentBlock, ...deltas: ContentBlock[]): MessageEvent[] {
  return [
    { type: "content_block_start", index, content_block },
    ...deltas.map((delta): MessageEvent => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

const json = (partial_json: string): ContentBlock => ({ type: "input_json_delta", partial_json });

describe("accumulate()", () => {
  test("puts text, thinking, signature, citations and inputs together", async () => {
    const response = await accumulate([
      START,
      { type: "ping" },
      ...blockEvents(
        0,
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "a" },
        { type: "thinking_delta", thinking: "b" },
        { type: "signature_delta", signature: "s" },
      ),
      ...blockEvents(
        1,
        { type: "text", text: "", extra: 1 },
        { type: "text_delta", text: "x" },
        { type: "citations_delta", citation: { n: 1 } },
        { type: "text_delta", text: "y" },
      ),
      ...blockEvents(
        2,
        { type: "tool_use", id: "t", name: "n", input: {} },
        json(""),
        json('{"a"'),
        json(":[1]}"),
      ),
      ...blockEvents(3, { type: "tool_use", id: "u", name: "n", input: {} }, json("")),
      ...blockEvents(4, {
        type: "tool_use",
        id: "v",
        name: "n",
        input: { whole: true },
        caller: { type: "direct" },
      }),
      ...blockEvents(5, { type: "future", a: 1 }, { type: "future_delta", b: 2 }),
      {
        type: "message_delta",
        delta: { stop_reason: "tool_use", container: { id: "c" } },
        usage: { output_tokens: 20, input_tokens: null },
      },
      STOP,
    ]);
    expect(response).toEqual({
      ...MESSAGE,
      content: [
        { type: "thinking", thinking: "ab", signature: "s" },
        { type: "text", text: "xy", extra: 1, citations: [{ n: 1 }] },
        { type: "tool_use", id: "t", name: "n", input: { a: [1] } },
        { type: "tool_use", id: "u", name: "n", input: {} },
        { type: "tool_use", id: "v", name: "n", input: { whole: true }, caller: { type: "direct" } },
        { type: "future", a: 1 },
      ],
      stop_reason: "tool_use",
      container: { id: "c" },
      usage: { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 4 },
    });
  });

  test("keeps what message_start already carries", async () => {
    const content = [{ type: "tool_use", id: "t", name: "n", input: { a: 1 } }];
    const message = { ...MESSAGE, content, stop_reason: "tool_use", container: { id: "c" } };
    expect(await accumulate([{ type: "message_start", message }, STOP])).toEqual(message);
  });

  test("marks an input that is cut, outside of JSON", async () => {
    const events = [
      START,
      ...blockEvents(0, { type: "tool_use", id: "t", name: "n", input: {} }, json('{"a": "b')),
      STOP,
    ];
    const [block] = (await accumulate(events)).content;
    expect(block === undefined ? "" : incompleteInputOf(block)).toBe('{"a": "b');
    expect(JSON.parse(JSON.stringify(block))).toEqual({ type: "tool_use", id: "t", name: "n", input: {} });
    expect(block === undefined ? "" : incompleteInputOf({ ...block })).toBe('{"a": "b');
  });

  test.each([
    ["no message_stop", [START], /ended after 0 content blocks without "message_stop"/],
    ["no message_start", [STOP], /no "message_start"/],
    [
      "a delta without its block",
      [
        START,
        ...blockEvents(0, { type: "text", text: "" }).slice(1),
        { type: "content_block_delta", index: 3, delta: json("") },
      ],
      /content block 3, which was never started/,
    ],
  ] as [string, MessageEvent[], RegExp][])("refuses a stream with %s", async (_what, events, message) => {
    await expect(accumulate(events)).rejects.toMatchObject({
      code: "model-failed",
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe("MessageAccumulator", () => {
  test("does not change the events that it is given", () => {
    const events = [
      ...responseToEvents({
        ...MESSAGE,
        content: [{ type: "text", text: "long ".repeat(50) }],
        stop_reason: "end_turn",
      }),
    ];
    const before = JSON.stringify(events);
    const accumulator = new MessageAccumulator();
    events.forEach((event) => accumulator.add(event));
    accumulator.finish();
    expect(JSON.stringify(events)).toBe(before);
  });
});

describe("responseToEvents()", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  const block: fc.Arbitrary<ContentBlock> = fc.oneof(
    fc.record({ type: fc.constant("text"), text }),
    fc.record({ type: fc.constant("thinking"), thinking: text, signature: fc.base64String() }),
    fc.record({ type: fc.constant("redacted_thinking"), data: fc.base64String() }),
    fc.record({
      type: fc.constant("tool_use"),
      id: fc.uuid(),
      name: fc.constant("n"),
      // As JSON can write it, at every depth: there is no -0, which it writes as 0.
      input: fc
        .dictionary(fc.string(), fc.jsonValue())
        .map((input): unknown => JSON.parse(JSON.stringify(input))),
    }),
    fc.constant(withInputJson({ type: "tool_use", id: "t", name: "n" }, '{"cut')),
    fc.record({ type: fc.constant("web_search_tool_result"), content: fc.array(fc.record({ url: text })) }),
  );

  test("is undone by accumulate(), whatever the answer", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        async (content, deltaCharacters) => {
          const response = JSON.parse(
            JSON.stringify({ ...MESSAGE, content: [], stop_reason: "end_turn", extra: { kept: true } }),
          ) as ModelResponse;
          const whole = { ...response, content };
          expect(await accumulate(responseToEvents(whole, { deltaCharacters }))).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("starts inputs empty and never cuts a character", () => {
    const content = [
      { type: "text", text: "😀".repeat(40) },
      { type: "tool_use", id: "t", name: "n", input: { a: 1 } },
    ];
    const deltas = [...responseToEvents({ ...MESSAGE, content }, { deltaCharacters: 7 })].flatMap((event) =>
      event.type === "content_block_delta" ? [event.delta] : [],
    );
    expect(deltas.every((delta) => !/[\uD800-\uDBFF]$/.test(String(delta["text"])))).toBe(true);
    expect(deltas.find((delta) => delta.type === "input_json_delta")).toEqual(json(""));
  });
});
