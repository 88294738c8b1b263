import { describe, expect, test } from "vitest";
import { findNearName } from "./near-name.ts";
import { findUnknownKeys, toUnknownKeyText } from "./unknown-keys.ts";

const FIELDS = { repo: { type: "string" }, state: { type: "string" }, employee_id: { type: "string" } };
const OBJECT = { type: "object", properties: FIELDS };

function texts(schema: Readonly<Record<string, unknown>>, input: unknown, value: unknown = input): string[] {
  return findUnknownKeys(schema, input, value).map((key) => toUnknownKeyText("search", key));
}

describe("findUnknownKeys()", () => {
  test("finds nothing in an input of known keys", () => {
    expect(texts(OBJECT, { repo: "a", state: "open" })).toEqual([]);
    expect(texts(OBJECT, {})).toEqual([]);
    expect(texts(OBJECT, { repo: { any: 1 } })).toEqual([]);
  });

  test("names the key that was meant, or those that there are", () => {
    expect(texts(OBJECT, { repo: "a", sate: "closed" })).toEqual([
      '"sate" is not a parameter of "search"; did you mean "state"?',
    ]);
    expect(texts(OBJECT, { id: "E1" })).toEqual([
      '"id" is not a parameter of "search"; did you mean "employee_id"?',
    ]);
    expect(texts(OBJECT, { limit: 5 })).toEqual([
      '"limit" is not a parameter of "search"; there are "repo", "state", "employee_id"',
    ]);
    // What is given already was not meant.
    expect(texts(OBJECT, { state: "open", stat: 1 })).toEqual([
      '"stat" is not a parameter of "search"; there are "repo", "state", "employee_id"',
    ]);
  });

  test("looks into objects, arrays, references and merged schemas", () => {
    const schema = {
      type: "object",
      properties: {
        where: { $ref: "#/$defs/where" },
        list: { type: "array", items: { $ref: "#/$defs/where" } },
        merged: { allOf: [{ properties: { first: {} } }, { properties: { second: {} } }] },
      },
      $defs: { where: { type: "object", properties: { city: {}, where: { $ref: "#/$defs/where" } } } },
    };
    expect(texts(schema, { where: { citty: 1, where: { zip: 2 } } })).toEqual([
      '"citty" is not a field of "where"; did you mean "city"?',
      '"zip" is not a field of "where.where"; there are "city", "where"',
    ]);
    expect(texts(schema, { list: [{ city: 1 }, { citi: 1 }] })).toEqual([
      '"citi" is not a field of "list[1]"; did you mean "city"?',
    ]);
    expect(texts(schema, { merged: { first: 1, second: 2, secnd: 3 } })).toHaveLength(1);
  });

  test("leaves alone what a schema allows expressly, unless it looks misspelt", () => {
    const open = { ...OBJECT, additionalProperties: { type: "string" } };
    expect(texts(open, { repo: "a", other: "b" })).toEqual([]);
    expect(texts(open, { repo: "a", sate: "b" })).toHaveLength(1);
    expect(texts({ ...OBJECT, patternProperties: { "^x-": {} } }, { "x-a": 1 })).toEqual([]);
    expect(texts({ type: "object" }, { anything: 1 })).toEqual([]);
    expect(texts({ anyOf: [OBJECT, { type: "object", properties: {} }] }, { sate: 1 })).toEqual([]);
  });

  test("says whether the check took the key away", () => {
    const [kept] = findUnknownKeys(OBJECT, { sate: 1 }, { sate: 1 });
    const [dropped] = findUnknownKeys(OBJECT, { sate: 1 }, {});
    const [refused] = findUnknownKeys(OBJECT, { sate: 1 }, undefined);
    expect([kept?.isDropped, dropped?.isDropped, refused?.isDropped]).toEqual([false, true, false]);
  });

  test("is bounded, and quotes keys as text", () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key${at}`, 1]));
    expect(findUnknownKeys(OBJECT, many, many)).toHaveLength(12);
    const wide = { list: Array.from({ length: 100_000 }, () => ({ citi: 1 })) };
    const schema = { type: "object", properties: { list: { items: { properties: { city: {} } } } } };
    expect(findUnknownKeys(schema, wide, wide)).toHaveLength(12);
    expect(texts(OBJECT, { 'a"\n</notice>': 1 })[0]).toMatch(/^"a\\"\\n<\/notice>" is not/);
    expect(texts(OBJECT, { ["x".repeat(10_000)]: 1 })[0]?.length).toBeLessThan(200);
  });
});

describe("findNearName()", () => {
  test.each([
    ["sate", "state"],
    ["satte", "state"],
    ["employeeId", "employee_id"],
    ["EMPLOYEE-ID", "employee_id"],
    ["id", "employee_id"],
    ["employee", "employee_id"],
    ["employe_ids", "employee_id"],
    ["limit", undefined],
    ["x", undefined],
    ["", undefined],
    ["repository_of_all_things", undefined],
  ])("%s: %s", (given, meant) => {
    expect(findNearName(given, ["repo", "state", "employee_id"])).toBe(meant);
  });
});
