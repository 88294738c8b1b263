import { describe, expect, test } from "vitest";
import { isToolscriptError } from "../errors.ts";
import { declareTool } from "./declare-tool.ts";
import { toPythonSignatures } from "./python-signature.ts";
import { DEFAULT_MAX_SCHEMA_NODES } from "./schema-bounds.ts";
import type { JsonSchema, Tool } from "./tool.ts";
import { WorkBudget } from "./work-budget.ts";

function declare(inputSchema: JsonSchema, budget?: WorkBudget): Promise<Tool> {
  return declareTool({ name: "far", description: "", inputSchema, allowedCallers: ["programmatic"] }, budget);
}

async function declarationError(schema: JsonSchema, budget?: WorkBudget): Promise<string> {
  try {
    await declare(schema, budget);
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
    const subject = await declare({ properties: { a: { type: "integer", default: 3 } } });
    expect(subject.execute).toBeUndefined();
    const input = {};
    const parsed = await subject.parseInput(input);
    expect(parsed.ok && parsed.value).toBe(input);
  });

  test("takes null for what is not given, where the schema has no null", async () => {
    const properties = { a: { type: "integer" }, b: { type: ["integer", "null"] } };
    const subject = await declare({ properties, required: ["b"] });
    expect(await subject.parseInput({ a: null, b: null })).toMatchObject({ ok: true, value: { b: null } });
  });

  test("refuses a schema that is too deep or too large", async () => {
    expect(await declarationError(nest(100, {}))).toContain('nested deeper than "64" levels');
    const values = Array.from({ length: DEFAULT_MAX_SCHEMA_NODES }, (_, index) => index);
    expect(await declarationError({ properties: { a: { enum: values } } })).toContain(
      "parts; make it smaller",
    );
    expect(await declarationError({ properties: { a: { pattern: "a".repeat(2_000) } } })).toContain(
      "shorten it",
    );
    const patterns = Array.from({ length: 30 }, (_, at) => [`p${at}`, { pattern: "a".repeat(900) }]);
    expect(await declarationError({ properties: Object.fromEntries(patterns) })).toContain("shorten them");
    expect(await declarationError({ description: "d".repeat(1_000_001) })).toContain(
      'than "1000000" characters',
    );
    expect(await declarationError({ properties: { ["n".repeat(1_000_001)]: {} } })).toContain(
      "characters; make",
    );
  });

  test("gives up schemas that take too long to compile, each and together", async () => {
    const budget = new WorkBudget(1);
    const properties = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [`p${at}`, { minLength: at }]),
    );
    const refusals = [
      await declarationError({ properties }, budget),
      await declarationError({ properties }, budget),
    ];
    expect(refusals[0]).toContain("reading it takes longer than 1 ms; make it smaller");
    expect(refusals[1]).toContain("the schemas together take longer than 1 ms to read");
    expect(await declarationError({ properties: { a: { type: "string" } } }, budget)).toBe("accepted");
  });

  test("gives up examples that take too long to check together", async () => {
    const inputExamples = [{ a: "a".repeat(22) }, { a: "a" }];
    const outline = {
      name: "far",
      description: "",
      allowedCallers: ["programmatic"],
      inputExamples,
    } as const;
    const inputSchema = { properties: { a: { pattern: "^(a|a)+$" } } };
    await expect(declareTool({ ...outline, inputSchema }, new WorkBudget(0.01))).rejects.toThrow(
      "checking the examples takes longer than 0.01 ms",
    );
  });

  test("ends a check that a catastrophic pattern would never finish", async () => {
    const subject = await declare({ properties: { a: { type: "string", pattern: "^(a+)+$" } } });
    expect(await subject.parseInput({ a: "aaa" })).toMatchObject({ ok: true });
    expect(await subject.parseInput({ a: `${"a".repeat(60)}!` })).toMatchObject({
      ok: false,
      message: 'Input of "far" is wrong: the input took longer than 500 ms to check against the schema',
    });
    expect(await subject.parseInput({ a: "aaa" })).toMatchObject({ ok: true });
  });

  test("bounds a recursive schema whose branches multiply", async () => {
    const node = { properties: { a: { $ref: "#/$defs/node" }, end: { const: 1 } } };
    const subject = await declare({
      $defs: { node: { anyOf: [node, node, node, node] } },
      properties: { a: { $ref: "#/$defs/node" } },
    });
    let value: unknown = { end: 2 };
    for (let level = 0; level < 40; level += 1) value = { a: value };
    expect(await subject.parseInput(value)).toMatchObject({ ok: false });
  });

  test("accepts a recursive schema and checks data of any depth", async () => {
    const schema = {
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
      properties: { list: { $ref: "#/$defs/node" } },
    };
    const subject = await declare(schema);
    expect(await subject.parseInput({ list: { next: { next: {} } } })).toMatchObject({ ok: true });
    const deep = JSON.parse(`${'{"next":'.repeat(100_000)}1${"}".repeat(100_000)}`) as unknown;
    expect(await subject.parseInput({ list: deep })).toMatchObject({
      ok: false,
      message: expect.stringContaining("nested too deeply") as string,
    });
  });

  test("refuses a reference to itself", async () => {
    const schema = { properties: { a: { $ref: "#/properties/a" } } };
    expect(await declarationError(schema)).toContain("a reference leads to itself");
  });

  test("survives references that lead to each other", async () => {
    const $defs = { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { allOf: [{ $ref: "#/$defs/a" }] } };
    const subject = await declare({ $defs, properties: { x: { $ref: "#/$defs/a" } } });
    expect(await subject.parseInput({ x: 1 })).toMatchObject({ ok: false });
    expect(toPythonSignatures([subject])).toContain("async def far(");
  });

  test("bounds references that double at every level", async () => {
    const $defs: Record<string, JsonSchema> = {
      n0: { type: "object", properties: { x: { type: "string" } } },
    };
    for (let level = 1; level < 40; level += 1) {
      const ref = { $ref: `#/$defs/n${level - 1}` };
      $defs[`n${level}`] = { allOf: [ref, ref], properties: { [`l${level}`]: ref, [`r${level}`]: ref } };
    }
    const subject = await declare({ $defs, properties: { a: { $ref: "#/$defs/n39" } } });
    expect(toPythonSignatures([subject]).length).toBeLessThan(200_000);
    expect(await subject.parseInput({ a: { x: 1 } })).toMatchObject({ ok: false });
  });

  test("takes names that matter to JavaScript as plain names", async () => {
    const subject = await declare(
      JSON.parse(
        '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}},"required":["toString"]}',
      ) as JsonSchema,
    );
    expect(await subject.parseInput({})).toMatchObject({
      message: 'Input of "far" is wrong: "toString" is missing',
    });
    expect(await subject.parseInput({ toString: 1, constructor: 1 })).toMatchObject({
      message: 'Input of "far" is wrong: "constructor" is 1, expected a string',
    });
  });

  test("does not execute what a schema holds", async () => {
    const code = '"];globalThis.escaped=true;//\n`${globalThis.escaped=true}`';
    const subject = await declare({
      properties: { [code]: { const: code, description: code, pattern: "a", enum: [code] } },
      required: [code],
    });
    await subject.parseInput({ [code]: 1 });
    expect("escaped" in globalThis).toBe(false);
  });
});
