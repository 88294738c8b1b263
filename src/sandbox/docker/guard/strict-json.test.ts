import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

describe("parseStrictJson()", () => {
  test("reads whatever JSON.stringify writes when its keys differ", () => {
    const value = fc.jsonValue().filter((each) => !hasAmbiguousKeys(each));
    const property = fc.property(value, (each) => {
      const text = JSON.stringify(each);
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    });
    fc.assert(property);
  });

  test.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"A":2}', "A"],
    ['{"x":[{"y":{"Key":1,"kEY":2}}]}', "kEY"],
    ['{"k":1,"\u212A":2}', "\u212A"],
    ['{"s":1,"\u017F":2}', "\u017F"],
    ['{"a" \n : 1, "\\u0061"\t:2}', "a"],
    ['{"a{}[]\\"":1,"A{}[]\\"":2}', 'A{}[]"'],
  ])("refuses %s", (text, key) => {
    expect(() => parseStrictJson(text)).toThrow(`the key "${key}" is there twice`);
  });

  test.each([
    '{"a":"a","b":["a","a"]}',
    '[{"a":1},{"a":2}]',
    '{"a":{"a":1}}',
    '{"a":"\\"a\\":"}',
    '"a"',
    "[]",
  ])("takes %s", (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test.each(["", "{", "{'a':1}", '{"a":1}}', '{"a":01}', "NaN", '{"a":1,}', '\uFEFF{"a":1}'])(
    "refuses %s as no JSON",
    (text) => {
      expect(() => parseStrictJson(text)).toThrow("not JSON");
    },
  );
});

function hasAmbiguousKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const keys = Array.isArray(value) ? [] : Object.keys(value).map((key) => key.toUpperCase().toLowerCase());
  return new Set(keys).size < keys.length || Object.values(value).some(hasAmbiguousKeys);
}
