import { describe, expect, test } from "vitest";
import { MAX_SHOWN_BYTES, quotedList, toShownText } from "./shown-text.ts";

describe("toShownText()", () => {
  test.each([
    ["letters", "x"],
    ["two bytes each", "é"],
    ["three bytes each", "\u20ac"],
    ["four bytes each", "\u{1f600}"],
    ["halves of characters", "\ud83d"],
  ])("leaves no more than the bound of %s, and whole characters", (_title, character) => {
    const text = toShownText(character.repeat(100_000));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_SHOWN_BYTES);
    expect(text.endsWith(`… (${character.length * 100_000} characters)`)).toBe(true);
    expect(text.startsWith(character.isWellFormed() ? character : "\ufffd")).toBe(true);
    expect(toShownText(character)).toBe(character);
  });
});

describe("quotedList()", () => {
  test("names the first few", () => {
    expect(quotedList(["a", "b"])).toBe("a, b");
    expect(quotedList(Array.from({ length: 20_000 }, (_, at) => `id-${at}`))).toBe(
      "id-0, id-1, id-2 and 19997 more",
    );
  });
});
