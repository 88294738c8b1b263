/** Checks that are not made at once: large inputs, risky patterns, large schemas. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as z from "zod";
import { describe, expect, test } from "vitest";
import { declareTool } from "./declare-tool.ts";
import { tool } from "./define-tool.ts";
import type { JsonSchema, ParsedInput, ParseOptions, Tool } from "./tool.ts";

const PROGRAM = fileURLToPath(new URL("fixtures/check-and-end.ts", import.meta.url));

function near(input: JsonSchema | z.ZodType): Tool {
  return tool({ name: "near", description: "", input, execute: () => null });
}

function far(inputSchema: JsonSchema): Promise<Tool> {
  return declareTool({ name: "far", description: "", inputSchema, allowedCallers: ["programmatic"] });
}

function list<Value>(length: number, make: (at: number) => Value): Value[] {
  return Array.from({ length }, (_, at) => make(at));
}

function members<Value>(length: number, make: (at: number) => Value): Record<string, Value> {
  return Object.fromEntries(list(length, (at) => [`k${at}`, make(at)]));
}

function refusalOf(parsed: ParsedInput): string {
  return parsed.ok ? "accepted" : parsed.message;
}

const slow = { properties: { a: { type: "string", pattern: "^(a|a)+$" } } };
const slowInput = { a: `${"a".repeat(60)}!` };

describe("Tool.parseInput()", () => {
  test("answers at once for a small input, whatever the schema is written in", () => {
    const rows = {
      type: "array",
      items: { type: "object", properties: { id: { type: "string", format: "email" } } },
    };
    const schemas = [{ properties: { rows } }, z.object({ rows: z.array(z.object({ id: z.email() })) })];
    for (const schema of schemas) {
      const parsed = near(schema).parseInput({
        rows: list(40, (at) => ({ id: `person-${at}@example.com` })),
      });
      expect(parsed).not.toBeInstanceOf(Promise);
      expect(parsed).toMatchObject({ ok: true });
    }
  });

  test.each<[string, JsonSchema | z.ZodType]>([
    [
      "JSON Schema",
      { properties: { rows: { type: "array", items: { properties: { n: { type: "integer" } } } } } },
    ],
    ["Zod", z.object({ rows: z.array(z.object({ n: z.int() })) })],
  ])("checks a large input in time of its own, with %s", async (_kind, schema) => {
    const subject = near(schema);
    const input = { rows: list(60_000, (n) => ({ n })) };
    const right = subject.parseInput(input);
    expect(right).toBeInstanceOf(Promise);
    expect(await right).toMatchObject({ ok: true, value: input, usedMs: expect.any(Number) as number });
    input.rows.push({ n: 0.5 });
    const wrong = await subject.parseInput(input);
    expect(refusalOf(wrong)).toBe('Input of "near" is wrong: "rows[60000].n" is 0.5, expected an integer');
  });

  test("matches long texts in a thread, whose verdict counts", async () => {
    const text = `${"word ".repeat(4_000)}end`;
    for (const schema of [
      { properties: { a: { pattern: "^(\\w+\\s?)*$" } } },
      z.object({ a: z.string().regex(/^(\w+\s?)*$/) }),
    ]) {
      const subject = near(schema);
      expect(await subject.parseInput({ a: text })).toMatchObject({ ok: true, value: { a: text } });
      expect(refusalOf(await subject.parseInput({ a: "!" }))).toContain('"a" is "!", expected to match');
      expect(refusalOf(await subject.parseInput({ a: `${text}!` }))).toContain("took longer than 500 ms");
    }
  });

  test("hears of a text that Zod comes to only when another one has passed", async () => {
    const schema = z.object({
      a: z
        .string()
        .regex(/^(a|a)+$/)
        .regex(/^(aa|aa)+$/),
      b: z
        .string()
        .trim()
        .regex(/^(b|b)+$/),
    });
    const input = { a: "a".repeat(24), b: ` ${"b".repeat(24)} ` };
    expect(await near(schema).parseInput(input)).toMatchObject({
      ok: true,
      value: { a: input.a, b: input.b.trim() },
    });
    expect(refusalOf(await near(schema).parseInput({ ...input, a: "a".repeat(23) }))).toContain('"a" is');
  });

  test("gives the thread back when a check has used up its time", async () => {
    const subject = await far(slow);
    const refusals = await Promise.all(
      [1, 2, 3].map(async () => refusalOf(await subject.parseInput(slowInput))),
    );
    expect(refusals.filter((text) => !text.includes("took longer than 500 ms"))).toEqual([]);
    expect(await subject.parseInput({ a: "a".repeat(20) })).toMatchObject({ ok: true });
  });

  test("lets owners take turns", async () => {
    const subject = await far(slow);
    const finished: string[] = [];
    const run = async (owner: object, name: string, input: unknown): Promise<void> => {
      await subject.parseInput(input, { owner });
      finished.push(name);
    };
    const greedy = {};
    const checks = [1, 2, 3, 4].map((at) => run(greedy, `greedy ${at}`, slowInput));
    await Promise.all([...checks, run({}, "other", { a: "a".repeat(22) })]);
    expect(finished.indexOf("other")).toBeLessThanOrEqual(1);
    expect(finished.filter((name) => name !== "other")).toEqual([
      "greedy 1",
      "greedy 2",
      "greedy 3",
      "greedy 4",
    ]);
  });

  test("gives up what nobody waits for any more", async () => {
    const subject = await far(slow);
    const abort = new AbortController();
    const owner = {};
    const check = async (options: ParseOptions): Promise<string> =>
      refusalOf(await subject.parseInput(slowInput, { owner, ...options }));
    const wanted = check({});
    const unwanted = [1, 2].map(() => check({ signal: abort.signal }));
    abort.abort();
    expect(await wanted).toContain("took longer than 500 ms");
    for (const text of await Promise.all(unwanted)) expect(text).toContain("nobody waits for it");
  });

  test("lets the process end when its work is done, and not before", { timeout: 60_000 }, async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM]);
    expect(stdout).toBe("accepted\n");
    expect(stderr).toBe("");
  });

  test("takes an input that is right without a default that does not fit", async () => {
    const schema = { properties: { n: { type: "integer", default: "none" }, unit: { default: "EUR" } } };
    const subject = near(schema);
    expect(subject.parseInput({ n: 1 })).toEqual({ ok: true, value: { n: 1, unit: "EUR" } });
    expect(subject.parseInput({})).toEqual({ ok: true, value: { unit: "EUR" } });
    const many = near({ properties: { rows: { items: schema } } });
    const rows = list(60_000, () => ({}));
    expect(await many.parseInput({ rows })).toMatchObject({ ok: true, value: { rows } });
  });

  test.each<[string, JsonSchema | z.ZodType]>([
    ["JSON Schema", { properties: members(1_500, () => ({ type: "string" })) }],
    ["Zod", z.object(members(1_500, () => z.string().optional()))],
  ])("leaves out 1,500 optional fields that are null, with %s", async (_kind, schema) => {
    const subject = near(schema);
    expect(await subject.parseInput({ ...members(1_500, () => null), k7: "x" })).toMatchObject({
      ok: true,
      value: { k7: "x" },
    });
    const wrong = await subject.parseInput({ ...members(1_500, () => null), k7: 7 });
    expect(refusalOf(wrong)).toContain('"k7" is 7, expected a string');
  });

  test.each<[string, JsonSchema | z.ZodType, unknown]>([
    ["unknown fields", z.strictObject({}), { ["n".repeat(100_000)]: 1 }],
    ["unknown fields", { additionalProperties: false }, { ["n".repeat(100_000)]: 1 }],
    ["a long path", { additionalProperties: { type: "integer" } }, { ["n".repeat(100_000)]: "" }],
    [
      "many long choices",
      { properties: { a: { enum: list(20, (at) => `${at}${"x".repeat(1_000)}`) } } },
      { a: "y" },
    ],
    ["a dependency", { dependentRequired: { a: list(200, (at) => `${at}${"x".repeat(50)}`) } }, { a: 1 }],
    ["an author's message", z.object({ a: z.string().max(1, "x".repeat(5_000)) }), { a: "ab" }],
  ])("keeps its message short: %s", async (_what, schema, input) => {
    const message = refusalOf(await near(schema).parseInput(input));
    expect(message).toContain('Input of "near" is wrong');
    expect(message.length).toBeLessThanOrEqual(1_000);
  });

  test("checks with schemas that were compiled long ago, and with large ones", async () => {
    const first = await far({ properties: { n: { type: "integer" } } });
    expect(await first.parseInput({ n: "" })).toMatchObject({ ok: false });
    for (let at = 0; at < 100; at += 1) {
      const other = await far({
        properties: members(120, (part) => ({ type: "integer", maximum: at * 1_000 + part })),
      });
      expect(await other.parseInput({ k0: 0 })).toMatchObject({ ok: true });
    }
    expect(await first.parseInput({ n: 1 })).toMatchObject({ ok: true });
    expect(refusalOf(await first.parseInput({ n: "" }))).toContain('"n" is "", expected an integer');
    const large = near({ properties: members(600, () => ({ type: "integer" })), required: ["k0"] });
    expect(await large.parseInput({ k0: 1 })).toMatchObject({ ok: true });
    expect(refusalOf(await large.parseInput({ k599: "" }))).toContain('"k0" is missing; "k599" is ""');
  });

  test("checks against parts with names of their own, and parts in odd places", async () => {
    const named = await far({
      $defs: { x: { $anchor: "pair", type: "integer" } },
      properties: { a: { $ref: "#pair" } },
    });
    const odd = await far({ odd: { type: "integer" }, properties: { a: { $ref: "#/odd" } } });
    for (const subject of [named, odd]) {
      expect(await subject.parseInput({ a: 1 })).toMatchObject({ ok: true });
      expect(refusalOf(await subject.parseInput({ a: "" }))).toContain('"a" is "", expected an integer');
    }
  });
});
