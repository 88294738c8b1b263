import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "./read-json.ts";

const BOUNDS = { maxDepth: 500, maxParts: 1_000_000 };

function read(text: string, bounds = BOUNDS): Promise<unknown> {
  return readJson(Buffer.from(text), bounds);
}

/** Pads strings and lists so that a value of a few parts is cut in many places. */
function grow(value: unknown, by: number): unknown {
  if (typeof value === "string") return value + 'é\u{1f600}\\"\u0001x'.repeat(by);
  if (Array.isArray(value)) return value.map((item) => grow(item, by));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, grow(item, by)]));
}

describe("readJson()", () => {
  it("gives what JSON.parse gives, whatever is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ maxDepth: 5 }),
        fc.constantFrom(0, 1, 3_000, 9_000),
        fc.constantFrom(undefined, 1),
        async (value, by, indent) => {
          const text = JSON.stringify(grow(value, by), undefined, indent);
          expect(await read(text)).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  it.each([
    ["a long list of numbers", JSON.stringify(Array.from({ length: 90_000 }, (_, at) => at / 7))],
    [
      "a long list of objects",
      JSON.stringify(Array.from({ length: 9_000 }, (_, at) => ({ at, name: `n${at}` }))),
    ],
    [
      "a large member among small ones",
      `{"b":1,"0":["${"x".repeat(200_000)}"],"c":[[[{"d":"${"y".repeat(90_000)}"}]]]}`,
    ],
    ["a member twice", `{"a":1,"a":"${"x".repeat(100_000)}","b":2,"b":3}`],
    ["a member named __proto__", `{"__proto__":{"x":"${"x".repeat(100_000)}"},"y":{"__proto__":1}}`],
    ["escapes all the way", `["${"\\u00e9\\\\\\n".repeat(40_000)}"]`],
    ["surrogates in two escapes", `"${"\\ud83d\\ude00".repeat(30_000)}"`],
    ["blanks around and between", ` \n [ "${"x".repeat(99_999)}" , 1 , {} ] \t`],
    ["an empty list after a large one", `[["${"x".repeat(99_999)}"],[],{}]`],
  ])("reads %s", async (_title, text) => {
    const value = await read(text);
    expect(value).toEqual(JSON.parse(text));
    expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
  });

  const long = `"${"x".repeat(100_000)}"`;
  const numbers = Array.from({ length: 50_000 }, () => "1").join(",");
  it.each([
    ["nothing", ""],
    ["blanks", "  \n"],
    ["an open list", `[${long}`],
    ["an open string", `["${"x".repeat(100_000)}`],
    ["a wrong bracket", `[${long}}`],
    ["a bracket too many", `[${long}]]`],
    ["a second value", `${long}${long}`],
    ["something after it", `[${long}] x`],
    ["something before it", `x [${long}]`],
    ["no comma after a large item", `[${long} 1]`],
    ["no comma between large items", `[${long}${long}]`],
    ["no comma before a large item", `[1 ${long}]`],
    ["a comma at the end", `[${long},]`],
    ["a comma at the start", `[,${long}]`],
    ["two commas", `[${long},,1]`],
    ["two commas where it is cut", `[${numbers},,${numbers}]`],
    ["a comma at the end of many", `[${numbers},]`],
    ["no name", `{${long}}`],
    ["no colon", `{"a" ${long}}`],
    ["two colons", `{"a"::${long}}`],
    ["no value", `{"a":,"b":${long}}`],
    ["a name that is no string", `{1:${long}}`],
    ["a control character", `["${"x".repeat(70_000)}\n${"x".repeat(70_000)}"]`],
    ["a wrong escape", `["${"x".repeat(70_000)}\\q${"x".repeat(70_000)}"]`],
    ["a comma outside", `${long},`],
  ])("refuses %s", async (_title, text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    await expect(read(text)).rejects.toThrow(/^Reading JSON failed: /);
  });

  it.each([
    ["levels", "[".repeat(501) + "]".repeat(501), 'nested deeper than "500" levels'],
    ["items", `[${"1,".repeat(1_000_000)}1]`, 'more than "1000000" parts'],
    ["objects", `[${"{},".repeat(600_000)}{}]`, 'more than "1000000" parts'],
    ["digits of one number", `[${"1".repeat(400_000)}]`, "blanks or one number"],
    ["blanks", `[1,${" ".repeat(400_000)}]`, "blanks or one number"],
    ["characters in a name", `{"${"n".repeat(100_000)}":1}`, "the name of a member"],
  ])("refuses too many %s", async (_title, text, reason) => {
    const failure: unknown = await read(text).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "work-limit" });
    expect(String(failure)).toContain(reason);
  });
});
