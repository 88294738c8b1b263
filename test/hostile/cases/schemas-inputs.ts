/** Inputs that make a check long: one tool each, called once or often, as one session would. */
import * as z from "zod";
import { declareTool } from "../../../src/tools/declare-tool.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { JsonSchema, Tool } from "../../../src/tools/tool.ts";
import type { CaseContext } from "../child.ts";
import { type Cost, startMeasuring } from "../measure.ts";

/** What came of the calls of one scene, and what they cost. */
export interface InputsOutcome {
  readonly name: string;
  readonly cost: Cost;
  readonly accepted: number;
  readonly refused: number;
  /** Of the first call that was refused. */
  readonly message: string | undefined;
  readonly longestMessage: number;
}

interface Scene {
  readonly tool: () => Tool | Promise<Tool>;
  /** An input that the schema takes, to compile what there is to compile. */
  readonly warmUp?: unknown;
  readonly input: () => unknown;
  /** @default 1 */
  readonly calls?: number;
  /** A check that runs into its deadline takes a second: left out of the short form, where others show the same. */
  readonly isSlow?: boolean;
}

/** Plays the scenes one after the other; all of them, or those that do not take long. */
export async function scenes(context: CaseContext, argument: unknown): Promise<InputsOutcome[]> {
  const { areAll, only } = argument as { areAll: boolean; only?: string };
  const outcomes: InputsOutcome[] = [];
  for (const [name, scene] of Object.entries(SCENES)) {
    if ((areAll || scene.isSlow !== true) && name.includes(only ?? ""))
      outcomes.push(await play(name, scene));
  }
  await context.measure();
  return outcomes;
}

async function play(name: string, scene: Scene): Promise<InputsOutcome> {
  const subject = await scene.tool();
  const inputs = Array.from({ length: scene.calls ?? 1 }, () => scene.input());
  for (let warmth = 0; warmth < 3; warmth += 1) await subject.parseInput(scene.warmUp ?? {});
  const measurement = await startMeasuring();
  const owner = {};
  // All of them in one turn, as they come out of one wave.
  const parsed = await Promise.all(inputs.map((input) => subject.parseInput(input, { owner })));
  const messages = parsed
    .map((one) => (one.ok ? undefined : one.message))
    .filter((text) => text !== undefined);
  return {
    name,
    cost: await measurement.stop(),
    accepted: parsed.length - messages.length,
    refused: messages.length,
    message: messages[0]?.slice(0, 2_000),
    longestMessage: Math.max(0, ...messages.map((text) => text.length)),
  };
}

function far(inputSchema: JsonSchema): () => Promise<Tool> {
  return () => declareTool({ name: "far", description: "", inputSchema, allowedCallers: ["programmatic"] });
}

function near(input: JsonSchema | z.ZodType): () => Tool {
  return () => tool({ name: "near", description: "", input, execute: () => null });
}

function list<Value>(length: number, make: (at: number) => Value): Value[] {
  return Array.from({ length }, (_, at) => make(at));
}

function members<Value>(length: number, make: (at: number) => Value): Record<string, Value> {
  return Object.fromEntries(list(length, (at) => [`k${at}`, make(at)]));
}

const text = (schema: JsonSchema): JsonSchema => ({ properties: { a: { type: "string", ...schema } } });
const rules = list(230, (at) => ({ minimum: at + 1 }));
const row = z.object({ id: z.string(), n: z.number(), note: z.string().optional() });
const person = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const choice = (branch: JsonSchema): JsonSchema => ({ anyOf: list(4, () => branch) });

/** A value nested in itself. */
function nest(levels: number, inner: unknown, wrap: (value: unknown) => unknown): unknown {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

const tree: z.ZodType = z.lazy(() =>
  z.union([
    z.object({ a: tree }),
    z.object({ a: tree, b: z.string().optional() }),
    z.object({ end: z.literal(1) }),
  ]),
);

const SCENES: Readonly<Record<string, Scene>> = {
  "wrong items, Zod": {
    tool: near(z.object({ ids: z.array(z.number()) })),
    warmUp: { ids: [1] },
    input: () => ({ ids: list(249_000, () => "") }),
  },
  "a wrong item at the end, Zod": {
    tool: near(z.object({ ids: z.array(z.number()) })),
    warmUp: { ids: [1] },
    input: () => ({ ids: [...list(249_000, () => 1), ""] }),
  },
  "wrong rows, Zod": {
    tool: near(z.object({ rows: z.array(row).min(1) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: at, n: "x", note: 1 })) }),
  },
  "right rows, Zod": {
    tool: near(z.object({ rows: z.array(row).min(1) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: `E${at}`, n: at, note: "x" })) }),
  },
  "rows for a union, Zod": {
    isSlow: true,
    tool: near(z.object({ rows: z.union([z.array(z.object({ x: z.string() })), z.array(row)]) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: `E${at}`, n: at, x: "" })) }),
  },
  "rows for unions, Zod": {
    tool: near(
      z.object({
        rows: z.array(z.union(list(60, (at) => z.object({ kind: z.literal(at), n: z.number() })))),
      }),
    ),
    input: () => ({ rows: list(80_000, () => ({ kind: 59, n: "x" })) }),
  },
  "wrong values of a record, Zod": {
    tool: near(z.object({ map: z.record(z.string(), z.number()) })),
    input: () => ({ map: members(120_000, () => "") }),
  },
  "unknown fields, strict Zod": {
    tool: near(z.strictObject({ a: z.string().optional() })),
    input: () => members(120_000, () => 1),
  },
  "unknown fields, loose Zod": {
    isSlow: true,
    tool: near(z.looseObject({ a: z.string().optional() })),
    input: () => members(120_000, () => 1),
  },
  "a recursive union, Zod": {
    tool: near(z.object({ tree })),
    input: () => ({ tree: nest(400, { end: 2 }, (a) => ({ a })) }),
  },
  "an intersection of large lists, Zod": {
    isSlow: true,
    tool: near(z.object({ ids: z.intersection(z.array(z.number()), z.array(z.number())) })),
    input: () => ({ ids: list(200_000, () => "") }),
  },
  "a pattern that is quadratic, Zod": {
    tool: near(z.object({ a: z.string().regex(/\s+$/) })),
    warmUp: { a: " " },
    input: () => ({ a: `${" ".repeat(100_000)}x` }),
  },
  "a pattern that is exponential, Zod": {
    isSlow: true,
    tool: near(z.object({ a: z.string().regex(/^(a+)+$/) })),
    warmUp: { a: "a" },
    input: () => ({ a: `${"a".repeat(40)}!` }),
    calls: 2,
  },
  "a pattern behind a transform, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        a: z
          .string()
          .trim()
          .toLowerCase()
          .regex(/^(a|aa)+$/),
      }),
    ),
    input: () => ({ a: `  ${"A".repeat(60)}!` }),
  },
  "a pattern of keys, Zod": {
    isSlow: true,
    tool: near(z.object({ map: z.record(z.string().regex(/^(\w+\s?)+$/), z.number()) })),
    input: () => ({ map: { [`${"word ".repeat(20)}!`]: 1 } }),
  },
  "long texts, each for a pattern, Zod": {
    isSlow: true,
    tool: near(z.object({ all: z.array(z.string().regex(/^\s*a|\s+$/)) })),
    input: () => ({ all: list(300, (at) => `x${" ".repeat(5_000)}${at}`) }),
  },
  "formats, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        email: z.email(),
        url: z.url(),
        when: z.iso.datetime(),
        span: z.iso.duration(),
        ip: z.ipv6(),
        data: z.base64(),
      }),
    ),
    input: () => ({
      email: `${"a.".repeat(500_000)}@${"a.".repeat(500_000)}`,
      url: `http://${"a.".repeat(500_000)}`,
      when: `2024-01-01T00:00:00.${"0".repeat(500_000)}`,
      span: `P${"1".repeat(500_000)}`,
      ip: ":".repeat(500_000),
      data: "A".repeat(1_000_001),
    }),
  },
  "one text of 30 MiB, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        a: z
          .string()
          .trim()
          .regex(/^[^x]*$/),
      }),
    ),
    warmUp: { a: "" },
    input: () => ({ a: "a".repeat(30 * 1024 * 1024) }),
  },
  "many rules on many items": {
    tool: far({ properties: { a: { items: { allOf: rules } } } }),
    input: () => ({ a: list(49_000, () => 0) }),
  },
  "many rules on right items": {
    isSlow: true,
    tool: far({ properties: { a: { items: { allOf: rules } } } }),
    input: () => ({ a: list(49_000, () => 1_000) }),
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
    tool: far(text({ format: "url" })),
    input: () => ({ a: `http://${"a-".repeat(50_000)}` }),
  },
  "the format uri-template": {
    tool: far(text({ format: "uri-template" })),
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
  "1,500 nulls for optional fields, Zod": {
    tool: near(z.object(members(1_500, () => z.string().optional()))),
    input: () => members(1_500, () => null),
  },
  "many calls that are nearly long": {
    tool: far({ properties: { a: { items: { enum: list(300, (at) => at) } } } }),
    input: () => ({ a: list(1_500, () => 299) }),
    calls: 200,
  },
};
