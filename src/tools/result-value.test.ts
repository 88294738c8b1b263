import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_RESULT_DEPTH, toResultJson } from "./result-value.ts";

/** The parsed JSON, or the reason of the refusal. */
function outcome(value: unknown): unknown {
  const result = toResultJson(value);
  if (result.ok) return JSON.parse(result.json);
  return result.message.replace("Result cannot be sent to the script: ", "refused: ");
}

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

class Point {
  readonly x = 1;
  readonly #secret = 2;
  get sum(): number {
    return this.x + this.#secret;
  }
}

describe("toResultJson()", () => {
  test("gives what JSON gives for plain data", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(toResultJson(value)).toEqual({ ok: true, json: JSON.stringify(value) });
      }),
    );
  });

  test("gives text that JSON can read, or a sentence, for anything", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    const property = fc.property(anything, (value) => {
      const result = toResultJson(value);
      if (result.ok) return JSON.parse(result.json) !== undefined;
      return /^Result cannot be sent to the script: \S/.test(result.message);
    });
    expect(fc.check(property)).toMatchObject({ failed: false });
  });

  test.each([
    ["undefined", undefined, null],
    ["undefined inside", { a: undefined, b: [undefined, 1] }, { b: [null, 1] }],
    ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["an invalid date", [new Date(Number.NaN)], [null]],
    ["toJSON", [new URL("https://example.com/a")], ["https://example.com/a"]],
    ["a small bigint", { n: 12n }, { n: 12 }],
    ["an object of a class", new Point(), { x: 1 }],
    ["boxed values", [Object("a"), Object(1), Object(false)], ["a", 1, false]],
    ["functions and symbols inside", { f: () => 1, s: Symbol("s"), l: [() => 1] }, { l: [null] }],
    ["an object without a prototype", Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    [
      "the same object twice",
      ((one) => [one, one, new Date(0)])({ a: 1 }),
      [{ a: 1 }, { a: 1 }, "1970-01-01T00:00:00.000Z"],
    ],
    ["sparse arrays", Object.assign(Array.from({ length: 2 }), { 1: 5n }), [null, 5]],
  ])("defines %s", (_name, value, expected) => {
    expect(outcome(value)).toEqual(expected);
  });

  test("keeps a field named __proto__", () => {
    const own = Object.defineProperty({ a: 1n }, "__proto__", { value: 2, enumerable: true });
    expect(toResultJson(own)).toEqual({ ok: true, json: '{"a":1,"__proto__":2}' });
  });

  test.each([
    [
      { rows: [{ id: 2n ** 60n }] },
      '"rows[0].id" is a bigint beyond the safe integers; return it as a string',
    ],
    [{ mean: Number.NaN }, '"mean" is NaN, which JSON does not have; return null or a string'],
    [-Infinity, "it is -Infinity, which JSON does not have; return null or a string"],
    [() => 1, "it is a function; return data"],
    [Symbol("s"), "it is a symbol; return data"],
    [{ m: new Map([["a", 1]]) }, '"m" is a Map; return Object.fromEntries(map)'],
    [new Set([1]), "it is a Set; return [...set]"],
    [{ file: Buffer.from("a") }, '"file" is binary data; return text, or buffer.toString("base64")'],
    [new Float64Array(1), 'it is binary data; return text, or buffer.toString("base64")'],
    [{ later: Promise.resolve(1) }, '"later" is a promise; await it first'],
    [{ error: new Error("x") }, '"error" is an Error; throw it, or return its message'],
    [{ rows: [1].values() }, '"rows" is an iterator; collect it in an array'],
  ])("refuses %o", (value, reason) => {
    expect(outcome(value)).toBe(`refused: ${reason}`);
  });

  test("names the place of a cycle", () => {
    const node: Record<string, unknown> = { name: "a" };
    node["children"] = [{ parent: node }];
    expect(outcome({ root: node })).toBe(
      'refused: "root.children[0].parent" refers back to an object that holds it; return data without cycles',
    );
    expect(outcome(Object.assign(node, { toJSON: () => node }))).toContain("refers back");
  });

  test("refuses data that is nested too deeply", () => {
    expect(toResultJson(nest(DEFAULT_MAX_RESULT_DEPTH)).ok).toBe(true);
    expect(outcome(nest(100_000))).toContain(`nested deeper than ${DEFAULT_MAX_RESULT_DEPTH} levels`);
  });

  test("turns what a getter or toJSON throws into a message", () => {
    const value = {
      get rows(): unknown {
        throw new Error("cursor is closed");
      },
    };
    expect(outcome(value)).toBe("refused: it fails: cursor is closed");
  });
});
