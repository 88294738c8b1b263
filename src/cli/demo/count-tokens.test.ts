import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../../model/model.ts";
import { createTokenCounter, loadTokenizer } from "./count-tokens.ts";

const REQUEST: ModelRequest = {
  max_tokens: 10,
  system: "Be brief.",
  tools: [{ name: "lookup", input_schema: { type: "object" } }],
  messages: [
    { role: "user", content: "How much?" },
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "lookup", input: { key: "a" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: '{"total":12}' }] },
  ],
};

describe("createTokenCounter()", () => {
  test("counts each piece that the model reads, the tool's JSON included", () => {
    const read: string[] = [];
    const counter = createTokenCounter((text) => {
      read.push(text);
      return text.length;
    });
    const total = counter.countRequest(REQUEST);
    expect(read).toEqual([
      "Be brief.",
      JSON.stringify(REQUEST.tools?.[0]),
      "How much?",
      "lookup",
      '{"key":"a"}',
      '{"total":12}',
    ]);
    expect(total).toBe(read.join("").length);
  });

  test("counts a repeated history again without tokenising it again", () => {
    let calls = 0;
    const counter = createTokenCounter(() => (calls += 1));
    const first = counter.countRequest(REQUEST);
    const callsOfFirst = calls;
    expect(counter.countRequest(structuredClone(REQUEST))).toBe(first);
    expect(calls).toBe(callsOfFirst);
  });

  test("counts text with a real tokenizer", async () => {
    const counter = createTokenCounter(await loadTokenizer());
    const tokens = counter.countMessage({ role: "user", content: "hello hello hello hello" });
    expect(tokens).toBe(4);
  });

  test("counts a script as its text", () => {
    const counter = createTokenCounter((text) => text.length);
    const code = 'print("a")\nprint("b")';
    const content = [{ type: "tool_use", id: "t1", name: "x", input: { code } }];
    expect(counter.countMessage({ role: "assistant", content })).toBe(
      "x".length + "code".length + code.length,
    );
  });
});
