/** Schemas and examples that make declaring tools long, as one request would bring them. */
import { setImmediate as turn } from "node:timers/promises";
import { isToolscriptError } from "../../../src/errors.ts";
import { declareTool, type ToolOutline } from "../../../src/tools/declare-tool.ts";
import { toToolDeclarations } from "../../../src/tools/python-alias.ts";
import { toPythonSignatures } from "../../../src/tools/python-signature.ts";
import type { JsonSchema, Tool } from "../../../src/tools/tool.ts";
import { WorkBudget } from "../../../src/tools/work-budget.ts";
import type { CaseContext } from "../child.ts";
import { type Cost, leastOf, startMeasuring } from "../measure.ts";

/** What came of the requests of one scene, and what they cost. */
export interface DeclaredOutcome {
  readonly name: string;
  readonly cost: Cost;
  readonly declared: number;
  /** Why the last request was refused. */
  readonly refusal: string | undefined;
  readonly signatureChars: number;
}

/** Plays the scenes one after the other; all of them, or those that do not take long. */
export async function scenes(context: CaseContext, argument: unknown): Promise<DeclaredOutcome[]> {
  const { areAll, only } = argument as { areAll: boolean; only?: string };
  const outcomes: DeclaredOutcome[] = [];
  for (const [name, make] of Object.entries(SCENES)) {
    const isPlayed = (areAll || !SLOW_SCENES.has(name)) && name.includes(only ?? "");
    if (isPlayed) outcomes.push(await leastOf(() => play(name, make())));
  }
  await context.measure();
  return outcomes;
}

/** Scenes that use up the budget of a request, or that come in many requests: left out of the short form. */
const SLOW_SCENES = new Set([
  "2,000 tools, each with an example",
  "20 schemas of 3,000 fields",
  "20 requests, each with 20 schemas of their own",
  "300 requests, each with 900 kB of texts in a schema",
  "a chain of references",
  "sets of Unicode in patterns",
  "3,000 fields",
  "examples that take long, each a little less than too long",
]);

type Requests = readonly (() => readonly ToolOutline[])[];
type Outcome = Omit<DeclaredOutcome, "name" | "cost">;

/** Declares the tools, and writes their signatures, as each request does. */
async function play(name: string, requests: Requests): Promise<DeclaredOutcome> {
  for (let warmth = 0; warmth < 5; warmth += 1) await request(few(warmth));
  const measurement = await startMeasuring();
  let outcome: Outcome = { declared: 0, refusal: undefined, signatureChars: 0 };
  for (const make of requests) {
    const next = await request(measurement.uncounted(make));
    outcome = { ...next, declared: outcome.declared + next.declared };
    await turn();
  }
  return { ...outcome, name, cost: await measurement.stop() };
}

async function request(outlines: readonly ToolOutline[]): Promise<Outcome> {
  const budget = new WorkBudget();
  const tools: Tool[] = [];
  try {
    for (const each of outlines) tools.push(await declareTool(each, budget));
    await turn();
    toToolDeclarations(tools);
    await turn();
    const signatures = toPythonSignatures(tools, { style: "wire" });
    return { declared: tools.length, refusal: undefined, signatureChars: signatures.length };
  } catch (error) {
    if (!isToolscriptError(error, "invalid-tool")) throw error;
    return { declared: tools.length, refusal: error.message, signatureChars: 0 };
  }
}

function outline(at: number, inputSchema: JsonSchema, more: Partial<ToolOutline> = {}): ToolOutline {
  return { name: `tool_${at}`, description: "", inputSchema, allowedCallers: ["programmatic"], ...more };
}

function list<Value>(length: number, make: (at: number) => Value): Value[] {
  return Array.from({ length }, (_, at) => make(at));
}

function properties(length: number, make: (at: number) => unknown): JsonSchema {
  return { properties: Object.fromEntries(list(length, (at) => [`p${at}`, make(at)])) };
}

/** A request as anybody sends it, to compile what there is to compile in the process itself. */
function few(seed: number): ToolOutline[] {
  const fields = { ...properties(10, (at) => ({ type: "string", minLength: at + seed })) };
  const example = { inputExamples: [{ p1: "a long enough text" }] };
  return list(5, (at) => outline(at, { ...fields, required: [`p${at}`] }, at === 1 ? example : {}));
}

const choices = (inner: unknown): unknown => ({
  anyOf: [
    { type: "array", items: inner },
    { type: "object", additionalProperties: inner },
  ],
});

/** Requests, each made when it is its turn. */
const SCENES: Readonly<Record<string, () => Requests>> = {
  "200 tools of 490 parts": () => [
    () =>
      list(200, (at) =>
        outline(
          at,
          properties(163, (part) => ({ type: "string", title: `${at} ${part}` })),
        ),
      ),
  ],
  "2,000 tools, each with an example": () => [
    () =>
      list(2_000, (at) =>
        outline(
          at,
          properties(30, (part) => ({ type: "integer", minimum: at + part })),
          {
            inputExamples: [{ p1: 1_000_000 }],
          },
        ),
      ),
  ],
  "10,001 tools": () => [
    () =>
      list(10_001, (at) =>
        outline(
          at,
          properties(3, () => ({ type: "string" })),
        ),
      ),
  ],
  "9,000 tools": () => [
    () =>
      list(9_000, (at) =>
        outline(
          at,
          properties(5, () => ({ type: "string" })),
          { description: "d".repeat(2_000) },
        ),
      ),
  ],
  "16 requests, each with a text of 24 MB in a schema": () =>
    list(16, (at) => () => [outline(at, { description: `${at} ${"d".repeat(24_000_000)}` })]),
  "300 requests, each with 900 kB of texts in a schema": () =>
    list(300, (at) => () => [outline(at, { description: `${at} ${"d".repeat(900_000)}` })]),
  "20 requests, each with 20 schemas of their own": () =>
    list(
      20,
      (round) => () =>
        list(20, (at) =>
          outline(
            at,
            properties(90, (part) => ({ type: "integer", maximum: round * 1e6 + at * 1e3 + part })),
            {
              inputExamples: [{ p0: 0 }],
            },
          ),
        ),
    ),
  "120,000 fields in one schema": () => [
    () => [
      outline(
        0,
        properties(120_000, () => true),
      ),
    ],
  ],
  "levels without end": () => [
    () => [
      outline(
        0,
        list(100_000, () => 0).reduce<JsonSchema>((inner) => ({ properties: { a: inner } }), {}),
      ),
    ],
  ],
  "3,000 fields": () => [
    () => [
      outline(
        0,
        properties(3_000, () => ({ type: "string" })),
        { inputExamples: [{ p1: "" }] },
      ),
    ],
  ],
  "20 schemas of 3,000 fields": () => [
    () =>
      list(20, (at) =>
        outline(
          at,
          properties(3_000, (part) => ({ type: "string", minLength: at * part })),
        ),
      ),
  ],
  "sets of Unicode in patterns": () => [
    () =>
      list(100, (at) =>
        outline(
          at,
          properties(6, (part) => ({ pattern: `${"\\p{L}".repeat(150)}${at}${part}` })),
        ),
      ),
  ],
  "a chain of references": () => [
    () => [
      outline(0, {
        $defs: Object.fromEntries(list(3_000, (at) => [`d${at}`, { $ref: `#/$defs/d${at + 1}` }])),
        properties: { a: { $ref: "#/$defs/d0" } },
      }),
    ],
    () => [
      outline(1, {
        $defs: Object.fromEntries(
          list(3_000, (at) => [`d${at}`, at === 2_999 ? {} : { $ref: `#/$defs/d${at + 1}` }]),
        ),
        ...properties(1_500, (at) => ({ $ref: `#/$defs/d${at}` })),
      }),
    ],
  ],
  "an old schema with 9,000 values": () => [
    () => [
      outline(0, {
        $schema: "http://json-schema.org/draft-07/schema#",
        properties: { a: { enum: list(4_000, (at) => ({ at })) } },
      }),
    ],
  ],
  "many rules, and an example of 49,000 items": () => [
    () => [
      outline(
        0,
        { properties: { a: { items: { allOf: list(230, (at) => ({ minimum: at + 1 })) } } } },
        {
          inputExamples: [{ a: list(49_000, () => 0) }],
        },
      ),
    ],
  ],
  "examples for a pattern": () => [
    () => [
      outline(
        0,
        { properties: { a: { pattern: "^(a+)+$" } } },
        {
          inputExamples: [...list(20, () => ({ a: "a" })), ...list(20, () => ({ a: `${"a".repeat(40)}!` }))],
        },
      ),
    ],
  ],
  "examples that take long, each a little less than too long": () => [
    () =>
      list(40, (at) =>
        outline(
          at,
          { properties: { a: { uniqueItems: true } } },
          {
            inputExamples: [{ a: list(8_000, (item) => ({ item: item + at })) }],
          },
        ),
      ),
  ],
  "one long example, very wide": () => [
    () => [outline(0, {}, { inputExamples: [Object.fromEntries(list(120_000, (at) => [`k${at}`, at]))] })],
  ],
  "an enum of 4,000 values, used 1,900 times": () => [
    () => [
      outline(0, {
        $defs: { e: { enum: list(4_000, (at) => `value ${at}`) } },
        ...properties(1_900, () => ({ $ref: "#/$defs/e" })),
      }),
    ],
  ],
  "types that multiply": () => [
    () => [
      outline(0, {
        $defs: Object.fromEntries(
          list(60, (at) => [
            `n${at}`,
            at === 0 ? { type: "string" } : choices({ $ref: `#/$defs/n${at - 1}` }),
          ]),
        ),
        properties: { a: { $ref: "#/$defs/n59" } },
      }),
    ],
  ],
  "one large part, merged 1,900 times": () => [
    () => [
      outline(0, {
        $defs: { large: properties(1_500, () => true) },
        ...properties(1_200, (at) => ({ allOf: [{ $ref: "#/$defs/large" }, { minProperties: at }] })),
      }),
    ],
  ],
  "a hundred parts, merged a hundred times, in 50 tools": () => [
    () =>
      list(50, (tool) =>
        outline(tool, {
          $defs: Object.fromEntries(list(90, (at) => [`d${at}`, { properties: { [`f${at}`]: true } }])),
          ...properties(40, () => ({ allOf: list(90, (at) => ({ $ref: `#/$defs/d${at}` })) })),
        }),
      ),
  ],
  "names of 900 kB": () => [
    () => list(30, (at) => outline(at, { properties: { [`${at}${"n".repeat(900_000)}`]: {} } })),
  ],
};
