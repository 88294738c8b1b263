import { describe, expect, test } from "vitest";
import { isToolscriptError } from "../errors.ts";
import { declareTool } from "./declare-tool.ts";
import { toPythonSignatures } from "./python-signature.ts";
import { DEFAULT_MAX_SCHEMA_NODES, isLinearPattern } from "./schema-bounds.ts";
import type { JsonSchema, Tool } from "./tool.ts";

function declare(inputSchema: JsonSchema): Tool {
  return declareTool({ name: "far", description: "", inputSchema, allowedCallers: ["programmatic"] });
}

function declarationError(schema: JsonSchema): string {
  try {
    declare(schema);
  } catch (error) {
    return isToolscriptError(error, "invalid-tool") ? error.message : `not ours: ${String(error)}`;
  }
  return "accepted";
}

function nest(levels: number, inner: JsonSchema): JsonSchema {
  let schema = inner;
  for (let level = 0; level < levels; level += 1) schema = { properties: { a: schema } };
  return schema;
}

describe("declareTool()", () => {
  test("has no execute and lets an input pass unchanged", async () => {
    const subject = declare({ properties: { a: { type: "integer", default: 3 } } });
    expect(subject.execute).toBeUndefined();
    const input = {};
    const parsed = await subject.parseInput(input);
    expect(parsed.ok && parsed.value).toBe(input);
  });

  test("keeps null, which is the client's affair", () => {
    const subject = declare({ properties: { a: { type: "integer" } } });
    expect(subject.parseInput({ a: null })).toMatchObject({ ok: false });
  });

  test("refuses a schema that is too deep or too large", () => {
    expect(declarationError(nest(100, {}))).toContain('nested deeper than "64" levels');
    const values = Array.from({ length: DEFAULT_MAX_SCHEMA_NODES }, (_, index) => index);
    expect(declarationError({ properties: { a: { enum: values } } })).toContain("parts; make it smaller");
    expect(declarationError({ properties: { a: { pattern: "a".repeat(2_000) } } })).toContain("shorten it");
  });

  test("gives up a schema that takes too long to compile", () => {
    const properties: Record<string, JsonSchema> = {};
    for (let index = 0; index < 3_000; index += 1) properties[`p${index}`] = { type: "string" };
    expect(declarationError({ properties })).toMatch(/takes longer than 1000 ms|it is too large/);
  });

  test("ends a check that a catastrophic pattern would never finish", () => {
    const subject = declare({ properties: { a: { type: "string", pattern: "^(a+)+$" } } });
    expect(subject.parseInput({ a: "aaa" })).toMatchObject({ ok: true });
    expect(subject.parseInput({ a: `${"a".repeat(60)}!` })).toEqual({
      ok: false,
      message: 'Input of "far" is wrong: the input took longer than 250 ms to check against the schema',
    });
    expect(subject.parseInput({ a: "aaa" })).toMatchObject({ ok: true });
  });

  test("bounds a recursive schema whose branches multiply", () => {
    const node = { properties: { a: { $ref: "#/$defs/node" }, end: { const: 1 } } };
    const subject = declare({
      $defs: { node: { anyOf: [node, node, node, node] } },
      properties: { a: { $ref: "#/$defs/node" } },
    });
    let value: unknown = { end: 2 };
    for (let level = 0; level < 40; level += 1) value = { a: value };
    expect(subject.parseInput(value)).toMatchObject({ ok: false });
  });

  test("accepts a recursive schema and checks data of any depth", () => {
    const schema = {
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
      properties: { list: { $ref: "#/$defs/node" } },
    };
    const subject = declare(schema);
    expect(subject.parseInput({ list: { next: { next: {} } } })).toMatchObject({ ok: true });
    const deep = JSON.parse(`${'{"next":'.repeat(100_000)}1${"}".repeat(100_000)}`) as unknown;
    expect(subject.parseInput({ list: deep })).toMatchObject({
      ok: false,
      message: expect.stringContaining("nested too deeply") as string,
    });
  });

  test("refuses a reference to itself", () => {
    const schema = { properties: { a: { $ref: "#/properties/a" } } };
    expect(declarationError(schema)).toContain("a reference leads to itself");
  });

  test("survives references that lead to each other", () => {
    const $defs = { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { allOf: [{ $ref: "#/$defs/a" }] } };
    const subject = declare({ $defs, properties: { x: { $ref: "#/$defs/a" } } });
    expect(subject.parseInput({ x: 1 })).toMatchObject({ ok: false });
    expect(toPythonSignatures([subject])).toContain("async def far(");
  });

  test("bounds references that double at every level", () => {
    const $defs: Record<string, JsonSchema> = {
      n0: { type: "object", properties: { x: { type: "string" } } },
    };
    for (let level = 1; level < 40; level += 1) {
      const ref = { $ref: `#/$defs/n${level - 1}` };
      $defs[`n${level}`] = { allOf: [ref, ref], properties: { [`l${level}`]: ref, [`r${level}`]: ref } };
    }
    const subject = declare({ $defs, properties: { a: { $ref: "#/$defs/n39" } } });
    expect(toPythonSignatures([subject]).length).toBeLessThan(200_000);
    expect(subject.parseInput({ a: { x: 1 } })).toMatchObject({ ok: false });
  });

  test("takes names that matter to JavaScript as plain names", () => {
    const subject = declare(
      JSON.parse(
        '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}},"required":["toString"]}',
      ) as JsonSchema,
    );
    expect(subject.parseInput({})).toMatchObject({
      message: 'Input of "far" is wrong: "toString" is missing',
    });
    expect(subject.parseInput({ toString: 1, constructor: 1 })).toMatchObject({
      message: 'Input of "far" is wrong: "constructor" is 1, expected a string',
    });
  });

  test("does not execute what a schema holds", () => {
    const code = '"];globalThis.escaped=true;//\n`${globalThis.escaped=true}`';
    const subject = declare({
      properties: { [code]: { const: code, description: code, pattern: "a", enum: [code] } },
      required: [code],
    });
    subject.parseInput({ [code]: 1 });
    expect("escaped" in globalThis).toBe(false);
  });
});

describe("isLinearPattern()", () => {
  test.each(["^[a-z]{2}-\\d+$", "^ENG\\d{3}$", "^https?://\\S+$", "^[\\w.]+@[\\w.]+$", "a|b|c"])(
    "passes %s",
    (pattern) => {
      expect(isLinearPattern(pattern)).toBe(true);
    },
  );
  test.each(["(a+)+$", "(a|a)*b", "a*a*a*b", "^(.*)\\1$", "(?:x{1,9}){1,9}", "a{1,50}b{1,50}"])(
    "suspects %s",
    (pattern) => {
      expect(isLinearPattern(pattern)).toBe(false);
    },
  );
});
