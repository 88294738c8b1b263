import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runAtOnce } from "../turn-share.ts";
import type { ContentBlock, ModelMessage } from "./model.ts";
import { foldSystemMessages } from "./system-messages.ts";

const fold = (messages: readonly ModelMessage[]): readonly ModelMessage[] =>
  runAtOnce(foldSystemMessages(messages));
const system = (text: string): ModelMessage => ({ role: "system", content: text });
const user = (...content: ContentBlock[]): ModelMessage => ({ role: "user", content });
const text = (words: string): ContentBlock => ({ type: "text", text: words });
const said = (words: string): ContentBlock => text(`<system>\n${words}\n</system>`);
const CALL: ModelMessage = {
  role: "assistant",
  content: [{ type: "tool_use", id: "t", name: "n", input: {} }],
};
const RESULT: ContentBlock = { type: "tool_result", tool_use_id: "t", content: "r" };

describe("foldSystemMessages()", () => {
  test("gives the same list when there are none", () => {
    const messages = [user(text("a")), CALL, user(RESULT)];
    expect(fold(messages)).toBe(messages);
  });

  test.each<[string, ModelMessage[], ModelMessage[]]>([
    ["after a turn of the user", [user(text("a")), system("s")], [user(text("a"), said("s"))]],
    [
      "several, in their order",
      [user(text("a")), system("s"), system("t")],
      [user(text("a"), said("s"), said("t"))],
    ],
    ["at the start", [system("s"), user(text("a"))], [user(said("s"), text("a"))]],
    [
      "between a call and its result",
      [user(text("a")), CALL, system("s"), user(RESULT, text("b"))],
      [user(text("a")), CALL, user(RESULT, said("s"), text("b"))],
    ],
    [
      "after a result",
      [user(text("a")), CALL, user(RESULT), system("s")],
      [user(text("a")), CALL, user(RESULT, said("s"))],
    ],
    [
      "after an assistant's turn, at the end",
      [user(text("a")), CALL, system("s")],
      [user(text("a")), CALL, user(said("s"))],
    ],
    ["alone", [system("s")], [user(said("s"))]],
  ])("places one %s", (_name, messages, wanted) => {
    expect(fold(messages)).toEqual(wanted);
  });

  test("keeps blocks of other kinds, markers and plain texts", () => {
    const marker = { type: "ephemeral" };
    const block = { ...text("s"), cache_control: marker };
    expect(
      fold([
        { role: "user", content: "a" },
        { role: "system", content: [block] },
      ]),
    ).toEqual([user(text("a"), { ...said("s"), cache_control: marker })]);
  });

  test("leaves no message of the system, loses nothing, and a longer conversation begins like a shorter one", () => {
    const role = fc.constantFrom<ModelMessage["role"]>("user", "assistant", "system");
    fc.assert(
      fc.property(fc.array(role, { minLength: 1, maxLength: 12 }), (roles) => {
        const messages = roles.map((each, at): ModelMessage => ({ role: each, content: [text(`<${at}>`)] }));
        const folded = fold(messages);
        expect(folded.some((message) => message.role === "system")).toBe(false);
        const words = JSON.stringify(folded);
        for (const at of roles.keys()) expect(words).toContain(`<${at}>`);
        // What the model has answered once never changes again.
        const end = roles.lastIndexOf("assistant");
        const shorter = fold(messages.slice(0, end + 1));
        const known = shorter.slice(0, shorter.findLastIndex((message) => message.role === "assistant") + 1);
        expect(folded.slice(0, known.length)).toEqual(known);
      }),
    );
  });
});
