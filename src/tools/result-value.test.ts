import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_RESULT_DEPTH, type ResultValue, toResultJson } from "./result-value.ts";

const MAX_BYTES = 32 * 1024 * 1024;

/** The result of a light value. */
function quickly(value: unknown): ResultValue {
  const result = toResultJson(value, { maxBytes: MAX_BYTES });
  if (result instanceof Promise) throw new TypeError("The value counts as heavy");
  return result;
}

/** The JSON, or the reason of the refusal. */
async function write(value: unknown, maxBytes = MAX_BYTES, asText = false): Promise<string> {
  const result = await toResultJson(value, { maxBytes, asText });
  if (!result.ok) return `refused: ${result.message}`;
  return typeof result.json === "string" ? result.json : result.json.join("");
}

async function outcome(value: unknown): Promise<unknown> {
  const text = await write(value);
  return text.startsWith("refused: ") ? text : JSON.parse(text);
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
        expect(quickly(value)).toEqual({ ok: true, json: JSON.stringify(value) });
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
      const result = quickly(value);
      if (result.ok) return JSON.parse(String(result.json)) !== undefined;
      return /^(it|")[^]* \S/.test(result.message);
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
  ])("defines %s", async (_name, value, expected) => {
    expect(await outcome(value)).toEqual(expected);
  });

  test("keeps a field named __proto__", () => {
    const own = Object.defineProperty({ a: 1n }, "__proto__", { value: 2, enumerable: true });
    expect(quickly(own)).toEqual({ ok: true, json: '{"a":1,"__proto__":2}' });
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
  ])("refuses %o", async (value, reason) => {
    expect(await outcome(value)).toBe(`refused: ${reason}`);
  });

  test("names the place of a cycle", async () => {
    const node: Record<string, unknown> = { name: "a" };
    node["children"] = [{ parent: node }];
    expect(await outcome({ root: node })).toBe(
      'refused: "root.children[0].parent" refers back to an object that holds it; return data without cycles',
    );
    expect(await outcome(Object.assign(node, { toJSON: () => node }))).toContain("refers back");
  });

  test("refuses data that is nested too deeply", async () => {
    expect(quickly(nest(DEFAULT_MAX_RESULT_DEPTH)).ok).toBe(true);
    expect(await outcome(nest(100_000))).toContain(`nested deeper than ${DEFAULT_MAX_RESULT_DEPTH} levels`);
  });

  test("turns what a getter or toJSON throws into a message", async () => {
    const value = {
      get rows(): unknown {
        throw new Error("cursor is closed");
      },
    };
    expect(await outcome(value)).toBe("refused: it fails: cursor is closed");
  });

  const rows = Array.from({ length: 30_000 }, (_, id) => ({
    id,
    name: `n${id}`,
    at: null,
    tags: ["é", "\u{1f600}"],
  }));
  test.each<[string, unknown]>([
    ["a long list", rows],
    ["a long list of numbers", Array.from({ length: 100_000 }, (_, at) => at / 7)],
    ["a long string", `"\\\n\u{1f600}é`.repeat(400_000)],
    [
      "an object with many fields",
      Object.fromEntries(rows.map(({ name, id }) => [name, id % 3 === 0 ? undefined : id])),
    ],
    ["a large part among small ones", { a: 1, rows: { east: rows, west: [] }, b: undefined, c: "x" }],
    ["dates, gaps and functions among many", [...rows, new Date(0), undefined, () => 1]],
    ["large parts of a class", Object.assign(new Point(), { rows })],
    ["what toJSON makes", { list: { toJSON: () => rows } }],
  ])("writes %s as JSON.stringify does, in parts", async (_name, value) => {
    const json = JSON.stringify(value);
    expect(await write(value)).toBe(json);
    const text = typeof value === "string" ? json : JSON.stringify(json);
    expect(await write(value, MAX_BYTES, true)).toBe(text);
  });

  test.each<[string, unknown, string]>([
    ["a lossy value", [...rows, { m: new Map() }], '"[30000].m" is a Map'],
    ["a lossy value that is large", { all: new Set(rows) }, '"all" is a Set'],
    ["a number", { rows, mean: Number.NaN }, '"mean" is NaN'],
    [
      "a getter that throws",
      {
        rows,
        get x(): never {
          throw new Error("closed");
        },
      },
      "it fails: closed",
    ],
    [
      "toJSON that throws what has no text",
      {
        rows,
        x: {
          toJSON: () => {
            throw Object.create(null) as Error;
          },
        },
      },
      "it fails: a thrown object that has no text",
    ],
  ])("refuses %s in a large result", async (_name, value, reason) => {
    expect(await write(value)).toContain(`refused: ${reason}`);
  });

  test("gives up a result that grows beyond its bound, before it is written", async () => {
    expect(await write(rows, 10_000)).toMatch(
      /^refused: it is too large: more bytes than allowed, at most "10000"/,
    );
    expect(await write("x".repeat(2_000), 1_000)).toMatch(
      /^refused: it is too large: "2002" bytes, at most "1000"/,
    );
  });
});
