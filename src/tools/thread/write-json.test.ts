import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputWalk } from "../input-size.ts";
import { writeJson } from "./write-json.ts";

function write(value: unknown): readonly string[] {
  const walk = new InputWalk(value);
  walk.advance(Infinity);
  return [...writeJson(value, walk.wideKeys)];
}

/** Values of which some are large. */
function anyValue(): fc.Arbitrary<unknown> {
  const large = fc.tuple(
    fc.jsonValue({ maxDepth: 2 }),
    fc.integer({ min: 0, max: 3_000 }),
    fc.integer({ min: 0, max: 3 }),
  );
  return large.map(([inner, length, shape]) => {
    const items = Array.from({ length }, () => inner);
    if (shape === 0) return { items, more: { items } };
    if (shape === 1) return Object.fromEntries(items.map((item, at) => [`k${at}`, item]));
    if (shape === 2) return [inner, "\u{1f600}é\n".repeat(length * 30), items];
    return inner;
  });
}

describe("writeJson()", () => {
  test("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(anyValue(), (value) => {
        expect(write(value).join("")).toBe(JSON.stringify(value));
      }),
      { numRuns: 60 },
    );
  });

  test("writes a character that is cut by its end as one", () => {
    const text = `x${"\u{1f600}".repeat(100_000)}`;
    expect(JSON.parse(write(text).join(""))).toBe(text);
  });

  test("leaves out what JSON leaves out", () => {
    const rows = Array.from({ length: 2_000 }, () => [undefined, { a: undefined, b: 1 }]);
    const value = { gone: undefined, empty: {}, none: [], rows, ...Object.fromEntries(rows.entries()) };
    expect(write(value).join("")).toBe(JSON.stringify(value));
  });

  test("gives pieces of a bounded size", () => {
    const value = {
      text: "\u0000".repeat(2_000_000),
      rows: Array.from({ length: 50_000 }, (_, at) => ({ at, text: "x".repeat(20) })),
      map: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at])),
    };
    const pieces = write(value);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(512 * 1024);
    expect(pieces.length).toBeGreaterThan(100);
  });

  test("writes many levels", () => {
    let value: unknown = "x".repeat(2_000);
    for (let level = 0; level < 1_000; level += 1) value = [value, { level }];
    expect(write(value).join("")).toBe(JSON.stringify(value));
  });

  test("throws for what JSON cannot say", () => {
    expect(() => write([1n])).toThrow(TypeError);
  });
});
