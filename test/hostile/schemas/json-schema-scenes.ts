/** Inputs that make a check against a JSON Schema long. */
import type { JsonSchema } from "../../../src/tools/tool.ts";
import { far, list, members, near, strict, nest, type Scene } from "./scene.ts";

const text = (schema: JsonSchema): JsonSchema => ({ properties: { a: { type: "string", ...schema } } });
const rules = list(230, (at) => ({ minimum: at + 1 }));
const person = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const choice = (branch: JsonSchema): JsonSchema => ({ anyOf: list(4, () => branch) });

/** The scenes, by their names. */
export const JSON_SCHEMA_SCENES: Readonly<Record<string, Scene>> = {
  "many rules on many items": {
    tool: far({ properties: { a: { items: { allOf: rules } } } }),
    input: () => ({ a: list(49_000, () => 0) }),
  },
  "many rules on right items": {
    isSlow: true,
    tool: far({ properties: { a: { items: { allOf: rules } } } }),
    input: () => ({ a: list(10_000, () => 1_000) }),
  },
  "wrong items": {
    tool: near({ properties: { a: { type: "array", items: person } } }),
    input: () => ({ a: list(120_000, () => ({ n: "" })) }),
  },
  "right items": {
    tool: near({ properties: { a: { type: "array", items: { ...person, additionalProperties: false } } } }),
    input: () => ({ a: list(120_000, (n) => ({ n })) }),
  },
  "right items, with defaults": {
    tool: near({
      properties: {
        a: { type: "array", items: { properties: { n: { type: "integer" }, unit: { default: "EUR" } } } },
      },
    }),
    input: () => ({ a: list(120_000, (n) => ({ n })) }),
  },
  "equal items": {
    isSlow: true,
    tool: far({ properties: { a: { uniqueItems: true } } }),
    input: () => ({ a: list(60_000, (at) => ({ a: 1, b: at })) }),
  },
  "long enum on many items": {
    isSlow: true,
    tool: far({ properties: { a: { items: { enum: list(390, (at) => ({ at })) } } } }),
    input: () => ({ a: list(100_000, () => ({ at: -1 })) }),
  },
  "a pattern that is quadratic": {
    tool: far(text({ pattern: "a*b" })),
    warmUp: { a: "b" },
    input: () => ({ a: "a".repeat(200_000) }),
  },
  "a pattern with two open parts": {
    isSlow: true,
    tool: far(text({ pattern: "^a*a*b" })),
    input: () => ({ a: "a".repeat(50_000) }),
  },
  "trailing blanks": {
    isSlow: true,
    tool: far(text({ pattern: "\\s+$" })),
    input: () => ({ a: `${" ".repeat(200_000)}x` }),
  },
  "a risky pattern, some calls in one wave": {
    tool: far(text({ pattern: "^(a+)+$" })),
    warmUp: { a: "a" },
    input: () => ({ a: `${"a".repeat(40)}!` }),
    calls: 2,
  },
  "a pattern on many keys": {
    isSlow: true,
    tool: far({ properties: { a: { patternProperties: members(100, () => ({ type: "integer" })) } } }),
    input: () => ({ a: members(100_000, () => 1) }),
  },
  "the format url": {
    tool: strict(text({ format: "url" })),
    input: () => ({ a: `http://${"a-".repeat(50_000)}` }),
  },
  "the format uri-template": {
    tool: strict(text({ format: "uri-template" })),
    input: () => ({ a: `{${"a,".repeat(200_000)}` }),
  },
  "branches that multiply": {
    tool: far({
      $defs: { node: choice({ properties: { a: { $ref: "#/$defs/node" }, end: { const: 1 } } }) },
      properties: { a: { $ref: "#/$defs/node" } },
    }),
    input: () => ({ a: nest(40, { end: 2 }, (a) => ({ a })) }),
  },
  "references that double": {
    isSlow: true,
    tool: far({
      $defs: Object.fromEntries(
        list(40, (at) => [
          `n${at}`,
          at === 0
            ? { type: "object" }
            : { allOf: [{ $ref: `#/$defs/n${at - 1}` }, { $ref: `#/$defs/n${at - 1}` }] },
        ]),
      ),
      properties: { a: { $ref: "#/$defs/n39" } },
    }),
    input: () => ({ a: { x: 1 } }),
  },
  "unevaluated properties": {
    isSlow: true,
    tool: far({
      properties: {
        a: {
          allOf: list(60, (at) => ({ patternProperties: { [`^k${at}$`]: {} } })),
          unevaluatedProperties: false,
        },
      },
    }),
    input: () => ({ a: members(100_000, () => 1) }),
  },
  "one text of 30 MiB, its characters counted": {
    isSlow: true,
    tool: far({ properties: { a: { allOf: list(60, () => ({ maxLength: 1e9 })) } } }),
    input: () => ({ a: "ä".repeat(30 * 1024 * 1024) }),
  },
  "one key of 10 MiB": {
    tool: far({ additionalProperties: { allOf: list(60, () => ({ type: "integer" })) } }),
    input: () => ({ ["k".repeat(10 * 1024 * 1024)]: "" }),
  },
  "levels without end": {
    tool: far({
      $defs: { n: { properties: { a: { $ref: "#/$defs/n" } } } },
      $ref: "#/$defs/n",
    }),
    input: () => nest(200_000, 1, (a) => ({ a })),
  },
  "1,500 nulls for optional fields": {
    tool: near({ properties: members(1_500, () => ({ type: "string" })) }),
    input: () => members(1_500, () => null),
  },
  "many calls that are nearly long": {
    tool: far({ properties: { a: { items: { enum: list(300, (at) => at) } } } }),
    input: () => ({ a: list(1_500, () => 299) }),
    calls: 200,
  },
  "large defaults for many items": {
    tool: near({
      properties: { a: { items: { properties: { list: { default: list(9_000, (at) => at) } } } } },
    }),
    input: () => ({ a: list(400, () => ({})) }),
  },
  "a default in a very wide object": {
    tool: near({
      properties: { unit: { default: "EUR" } },
      additionalProperties: { properties: { n: { default: 1 } } },
    }),
    input: () => members(100_000, () => 1),
  },
  "sets of Unicode for the format regex": {
    isSlow: true,
    tool: strict(text({ format: "regex" })),
    input: () => ({ a: "\\p{L}".repeat(100_000) }),
  },
};
