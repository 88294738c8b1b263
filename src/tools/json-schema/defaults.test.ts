import { describe, expect, test } from "vitest";
import { runAtOnce } from "../../turn-share.ts";
import type { JsonSchema } from "../tool.ts";
import { fillDefaults, toDefaultPlan, toHeaviestDefault } from "./defaults.ts";

function fill(schema: JsonSchema, value: unknown): unknown {
  return runAtOnce(fillDefaults(toDefaultPlan(schema), value));
}

const unit = { properties: { unit: { default: "EUR" } } };

describe("fillDefaults()", () => {
  test.each<[string, JsonSchema, unknown, unknown]>([
    ["a property", unit, { n: 1 }, { n: 1, unit: "EUR" }],
    ["an item", { properties: { rows: { items: unit } } }, { rows: [{}, 1] }, { rows: [{ unit: "EUR" }, 1] }],
    ["the first item", { prefixItems: [unit] }, [{}, {}], [{ unit: "EUR" }, {}]],
    ["other properties", { additionalProperties: unit }, { a: {} }, { a: { unit: "EUR" } }],
    ["what is referred to", { $defs: { unit }, $ref: "#/$defs/unit" }, {}, { unit: "EUR" }],
    ["what has to hold as well", { allOf: [unit, {}] }, {}, { unit: "EUR" }],
    [
      "a default within a default",
      { properties: { a: { ...unit, default: {} } } },
      {},
      { a: { unit: "EUR" } },
    ],
    ["what is undefined", unit, { unit: undefined }, { unit: "EUR" }],
    ["not null", unit, { unit: null }, { unit: null }],
    ["not within a choice", { anyOf: [unit] }, {}, {}],
    ["a name of JavaScript's", { properties: { constructor: { default: 1 } } }, {}, { constructor: 1 }],
  ])("fills in %s", (_what, schema, value, want) => {
    const before = structuredClone(value);
    expect(fill(schema, value)).toEqual(want);
    expect(value).toEqual(before);
  });

  test("copies nothing where nothing is missing", () => {
    const value = { rows: [{ unit: "USD" }, { unit: "CHF" }], other: { deep: [1] } };
    expect(fill({ properties: { rows: { items: unit } } }, value)).toBe(value);
    const filled = fill({ properties: { rows: { items: unit } } }, { ...value, rows: [...value.rows, {}] });
    expect((filled as typeof value).rows[0]).toBe(value.rows[0]);
    expect((filled as typeof value).other).toBe(value.other);
  });

  test("comes to an end for a default that holds itself", () => {
    const schema = {
      $defs: { node: { properties: { next: { $ref: "#/$defs/node", default: {} } } } },
      $ref: "#/$defs/node",
    };
    expect(JSON.stringify(fill(schema, {}))).toBe(`${'{"next":'.repeat(9)}{}${"}".repeat(9)}`);
  });

  test("copies a very wide object, key by key", () => {
    const value = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, at]));
    const plan = toDefaultPlan(unit);
    const filled = runAtOnce(fillDefaults(plan, value, new Map([[value, Object.keys(value)]])));
    expect(filled).toEqual({ ...value, unit: "EUR" });
  });

  test("refuses what defaults would make far too large", () => {
    const large = Array.from({ length: 9_000 }, (_, at) => at);
    const rows = Array.from({ length: 30 }, () => ({}));
    const schema = { properties: { rows: { items: { properties: { list: { default: large } } } } } };
    expect(() => fill(schema, { rows })).toThrow("its defaults would add more than 250000 parts");
    expect(toHeaviestDefault(toDefaultPlan(schema))).toBe(9_001);
  });

  test("has no plan where no default can be reached", () => {
    expect(
      toDefaultPlan({ properties: { a: { anyOf: [{ properties: { b: { default: 1 } } }] } } }),
    ).toBeUndefined();
  });
});
