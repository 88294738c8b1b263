import * as z from "zod";
import * as mini from "zod/mini";
import { describe, expect, expectTypeOf, test } from "vitest";
import { isToolscriptError } from "../errors.ts";
import { tool } from "./define-tool.ts";
import type { JsonSchema, Tool } from "./tool.ts";

const context = { signal: new AbortController().signal, callId: "call_1" };

/** The refusal of an input, or `accepted`. */
function refusal(subject: Tool, input: unknown): string {
  const parsed = subject.parseInput(input);
  if (parsed instanceof Promise) throw new TypeError("The input was not checked at once");
  return parsed.ok ? "accepted" : parsed.message;
}

/** The message of the error that a definition throws. */
function definitionError(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    return isToolscriptError(error, "invalid-tool") ? error.message : `not ours: ${String(error)}`;
  }
  return "accepted";
}

const quarter = ["Q1", "Q2", "Q3", "Q4"] as const;
const execute = (): null => null;
const base = { name: "get_expenses", description: "Expenses.", execute };

const zodTool = tool({
  ...base,
  input: z.strictObject({
    employee_id: z.string().min(3),
    quarter: z.enum(quarter),
    limit: z.int().min(1).max(100).default(10),
    filters: z.object({ tags: z.array(z.object({ name: z.string() })), day: z.iso.date() }).optional(),
    which: z.union([z.string(), z.null()]).optional(),
  }),
});

const jsonTool = tool({
  ...base,
  input: {
    type: "object",
    properties: {
      employee_id: { type: "string", minLength: 3 },
      quarter: { enum: [...quarter] },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 10 },
      filters: {
        type: "object",
        properties: {
          tags: {
            type: "array",
            items: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
          },
          day: { type: "string", format: "date" },
        },
        required: ["tags", "day"],
      },
      which: { anyOf: [{ type: "string" }, { type: "null" }] },
    },
    required: ["employee_id", "quarter"],
    additionalProperties: false,
  },
  formats: "check",
});

const good = { employee_id: "ENG001", quarter: "Q3" };

describe.each([
  ["Zod", zodTool],
  ["JSON Schema", jsonTool],
])("tool() with %s", (_kind, subject) => {
  test("accepts an input and fills in defaults without changing it", () => {
    const input = { ...good };
    expect(subject.parseInput(input)).toEqual({ ok: true, value: { ...good, limit: 10 } });
    expect(input).toEqual(good);
  });

  test.each([
    [{ ...good, quarter: "Q5" }, '"quarter" is "Q5", expected one of "Q1", "Q2", "Q3", "Q4"'],
    [{ quarter: "Q1" }, '"employee_id" is missing'],
    [{ ...good, employee_id: 7 }, '"employee_id" is 7, expected a string'],
    [{ ...good, employee_id: "E" }, '"employee_id" is "E", expected at least 3 characters'],
    [{ ...good, limit: 0 }, '"limit" is 0, expected >= 1'],
    [{ ...good, limit: 101 }, '"limit" is 101, expected <= 100'],
    [{ ...good, limit: 1.5 }, '"limit" is 1.5, expected an integer'],
    [{ ...good, which: 5 }, '"which" is 5, expected a string or null'],
    [
      { ...good, filters: { tags: [{ name: "a" }, { name: 1 }], day: "2024-07-01" } },
      '"filters.tags[1].name" is 1, expected a string',
    ],
    [
      { ...good, filters: { tags: [], day: "yesterday" } },
      '"filters.day" is "yesterday", expected the format "date"',
    ],
    [[1], "the input is [1], expected an object"],
    ["text", 'the input is "text", expected an object'],
  ])("names field, value and wish for %j", (input, reason) => {
    expect(refusal(subject, input)).toBe(`Input of "get_expenses" is wrong: ${reason}`);
  });

  test("names an unknown field where the schema forbids it", () => {
    expect(refusal(subject, { ...good, qarter: 1 })).toContain('"qarter" is not a known field');
  });

  test("names three problems and counts the others", () => {
    const message = refusal(subject, { employee_id: 1, quarter: 2, limit: 0, which: 3, a: 1 });
    expect(message.split("; ")).toHaveLength(4);
    expect(message).toMatch(/; and 2 more problems$/);
  });

  test("takes null for an optional parameter that has no null as not given", () => {
    const parsed = subject.parseInput({ ...good, limit: null, filters: null, which: null });
    expect(parsed).toEqual({ ok: true, value: { ...good, limit: 10, which: null } });
    expect(refusal(subject, { ...good, quarter: null })).toContain('"quarter" is null');
  });

  test("keeps the message short for a huge value", async () => {
    const parsed = await subject.parseInput({ ...good, quarter: "x".repeat(1_000_000) });
    expect(parsed.ok ? "accepted" : parsed.message).toContain('"quarter" is "xxxxx');
    expect(JSON.stringify(parsed).length).toBeLessThan(300);
  });
});

describe("tool()", () => {
  test("gives execute the output of the Zod schema, transformed", async () => {
    const subject = tool({
      ...base,
      input: z.object({ day: z.iso.date().transform((day) => new Date(day)), n: z.number().default(2) }),
      execute: (input, { callId }) => {
        expectTypeOf(input).toEqualTypeOf<{ day: Date; n: number }>();
        return `${callId} ${input.day.getUTCFullYear()} ${input.n}`;
      },
    });
    const parsed = await subject.parseInput({ day: "2024-07-01" });
    expect(parsed.ok && (await subject.execute?.(parsed.value, context))).toBe("call_1 2024 2");
  });

  test("types the input of a JSON Schema as a record, and the result by the output schema", () => {
    tool({
      ...base,
      input: { type: "object" },
      output: z.array(z.string()),
      execute: (input) => {
        expectTypeOf(input).toEqualTypeOf<Record<string, unknown>>();
        return ["a"];
      },
    });
    // @ts-expect-error -- the output schema wants strings
    tool({ ...base, input: z.object({}), output: z.array(z.string()), execute: () => [1] });
  });

  test("turns a throwing execute into a rejection", async () => {
    const subject = tool({
      ...base,
      input: z.object({}),
      execute: () => {
        throw new Error("no database");
      },
    });
    await expect(subject.execute?.({}, context)).rejects.toThrow("no database");
  });

  test("may be called either way unless it says otherwise", () => {
    expect(zodTool.allowedCallers).toEqual(["direct", "programmatic"]);
    const direct = tool({ ...base, input: z.object({}), allowedCallers: ["direct"] });
    expect(direct.allowedCallers).toEqual(["direct"]);
  });

  test("keeps the words of a message that the author wrote", () => {
    const subject = tool({
      ...base,
      input: z.object({
        n: z.number().refine((n) => n % 2 === 0, "must be even"),
        m: z.string().max(2, "two letters at most").optional(),
      }),
    });
    expect(refusal(subject, { n: 3 })).toBe('Input of "get_expenses" is wrong: "n" is 3: must be even');
    expect(refusal(subject, { n: 2, m: "abc" })).toContain('"m" is "abc": two letters at most');
  });

  test("speaks of the branch of a union that was meant", () => {
    const branches = [
      { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
      { type: "string" },
    ];
    const subject = tool({ ...base, input: { properties: { who: { anyOf: branches } } } });
    expect(refusal(subject, { who: { id: "x" } })).toContain('"who.id" is "x", expected an integer');
    expect(refusal(subject, { who: 1 })).toContain('"who" is 1, expected an object or a string');
  });

  test("takes a schema of Zod mini", () => {
    const input = mini.object({ n: mini._default(mini.number(), 2), who: mini.string() });
    const subject = tool({ ...base, input });
    expect(subject.parseInput({ who: "a" })).toEqual({ ok: true, value: { n: 2, who: "a" } });
    expect(refusal(subject, { who: 1 })).toContain('"who" is 1, expected a string');
  });

  test("refuses an asynchronous Zod step with a message", () => {
    const subject = tool({ ...base, input: z.object({ a: z.string().refine(async () => true) }) });
    expect(refusal(subject, { a: "x" })).toContain("asynchronous step");
  });

  test("reads draft-07 and 2020-12 schemas [tool.json-schema]", () => {
    const old = tool({
      ...base,
      input: {
        $schema: "http://json-schema.org/draft-07/schema#",
        definitions: { pair: { items: [{ type: "string" }, { type: "integer" }] } },
        properties: { pair: { $ref: "#/definitions/pair" } },
      },
    });
    const recent = tool({
      ...base,
      input: {
        $defs: { pair: { prefixItems: [{ type: "string" }, { type: "integer" }] } },
        properties: { pair: { $ref: "#/$defs/pair" } },
      },
    });
    for (const subject of [old, recent]) {
      expect(refusal(subject, { pair: ["a", 1] })).toBe("accepted");
      expect(refusal(subject, { pair: ["a", "b"] })).toContain('"pair[1]" is "b", expected an integer');
    }
  });

  test.each([
    [{ name: "get expenses" }, 'Cannot declare the tool "get expenses": its name must be'],
    [{ name: "" }, "its name must be"],
    [{ name: "x".repeat(129) }, "its name must be"],
    [{ description: 7 as never }, "its description is 7, expected a string"],
    [{ allowedCallers: [] }, "allowedCallers is []"],
    [{ allowedCallers: ["nobody" as never] }, 'allowedCallers is ["nobody"]'],
    [{ timeoutMs: 0 }, "timeoutMs is 0"],
    [{ timeoutMs: 1.5 }, "timeoutMs is 1.5"],
    [{ execute: undefined as never }, "execute is undefined, expected a function"],
    [{ input: { type: "string" } }, 'has the type "string", expected "object"'],
    [{ input: { properties: { a: { type: "text" } } } }, 'Input schema of "get_expenses" is not a valid'],
    [{ input: { properties: { a: { $ref: "#/$defs/no" } } } }, "can't resolve reference"],
    [{ input: { properties: { a: { $ref: "https://example.com/a.json" } } } }, "can't resolve reference"],
    [{ input: { properties: { a: { pattern: "(" } } } }, "is not a valid JSON Schema"],
    [{ input: [] as never }, "expected a Zod schema or a JSON Schema object"],
    [{ input: z.string() }, 'has the type "string"'],
    [{ input: z.object({ day: z.date() }) }, "use types that JSON has"],
    [{ output: { type: "nothing" } }, 'Output schema of "get_expenses" is not a valid'],
    [{ inputExamples: [{ a: 1 }, { a: "b" }] }, 'its input example "2" does not fit'],
  ])("refuses the definition %j", (part, reason) => {
    const input = { properties: { a: { type: "integer" } } };
    expect(definitionError(() => tool({ ...base, input, ...part } as never))).toContain(reason);
  });
});

describe("what a JSON Schema means [tools.schema-meaning]", () => {
  const check = (schema: object, input: object, more: object = {}): unknown => {
    const parsed = tool({ ...base, input: schema as JsonSchema, ...more }).parseInput(input);
    if (parsed instanceof Promise) throw new Error("It was not checked at once");
    return parsed.ok ? "accepted" : parsed.message;
  };

  test("a format is a note, unless the tool's author asks for strictness", () => {
    const schema = {
      properties: { at: { type: "string", format: "time" }, deep: { items: { format: "date" } } },
    };
    expect(check(schema, { at: "09:30:00", deep: ["today"] })).toBe("accepted");
    expect(check(schema, { at: "09:30:00" }, { formats: "note" })).toBe("accepted");
    expect(check(schema, { at: "09:30:00" }, { formats: "check" })).toContain('expected the format "time"');
    expect(check(schema, { deep: ["today"] }, { formats: "check" })).toContain('expected the format "date"');
    expect(() => check(schema, {}, { formats: "strict" })).toThrow(
      'formats is "strict", expected "note" or "check"',
    );
  });

  test.each([
    [0.01, 19.99, true],
    [0.01, 143.48, true],
    [0.1, 0.3, true],
    [0.01, 1.005, false],
    [0.05, 0.12, false],
    [3, 9, true],
    [3, 10, false],
  ])("a multiple of %d is what it is in decimals: %d", (multipleOf, price, isRight) => {
    const said = check({ properties: { price: { multipleOf } } }, { price });
    expect(said).toMatch(isRight ? /^accepted$/ : /expected a multiple of/);
  });

  test("a pattern is one of ECMA-262, with `u` or without", () => {
    for (const pattern of ["^\\p{L}+$", "^[\\w-.]+$", "^\\-a$", "^[^\\]]+$"]) {
      expect([pattern, check({ properties: { a: { pattern } } }, { a: "\u0000!\u0000 ]" })]).toEqual([
        pattern,
        expect.stringContaining("expected"),
      ]);
    }
  });

  test("a name has up to 128 characters", () => {
    const name = "mcp__".padEnd(128, "x");
    expect(tool({ ...base, name, input: { type: "object" }, execute: () => null }).name).toBe(name);
  });
});
