import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type } from "@sinclair/typebox";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z as z3 } from "zod-3";
import { tool } from "./define-tool.ts";
import type { Tool } from "./tool.ts";

function check(made: Tool, input: unknown): unknown {
  const parsed = made.parseInput(input);
  if (parsed instanceof Promise) throw new Error("It was not checked at once");
  return parsed.ok ? parsed.value : parsed.message;
}

const base = { name: "find", description: "Finds." } as const;

describe("a tool with a schema of another library", () => {
  test("Valibot, through its JSON Schema: shown, checked by both, transformed", () => {
    const input = toStandardJsonSchema(
      v.object({ word: v.pipe(v.string(), v.minLength(2)), limit: v.optional(v.number(), 3) }),
    );
    const made = tool({
      ...base,
      input,
      execute: (found) => {
        expectTypeOf(found).toEqualTypeOf<{ word: string; limit: number }>();
        return found.word;
      },
    });
    expect(made.inputSchema).toMatchObject({
      type: "object",
      required: ["word"],
      properties: { limit: { default: 3 } },
    });
    expect(check(made, { word: "abc" })).toEqual({ word: "abc", limit: 3 });
    expect(check(made, { word: 1 })).toContain('"word" is 1, expected');
    expect(check(made, {})).toContain('"word"');
  });

  test("ArkType, whose schemas are functions", () => {
    const made = tool({
      ...base,
      input: type({ word: "string", "limit?": "number > 3" }),
      execute: ({ word }) => word,
    });
    expect(made.inputSchema).toMatchObject({
      type: "object",
      properties: { limit: { exclusiveMinimum: 3 } },
    });
    expect(check(made, { word: "abc", limit: 4 })).toEqual({ word: "abc", limit: 4 });
    expect(check(made, { word: "abc", limit: 3 })).toContain('"limit" is 3');
  });

  test("TypeBox, whose schemas are JSON Schema", () => {
    const made = tool({ ...base, input: Type.Object({ word: Type.String() }), execute: () => null });
    expect(check(made, { word: "abc" })).toEqual({ word: "abc" });
    expect(check(made, { word: 1 })).toContain('"word" is 1');
  });

  test("what JSON Schema cannot say is checked by the library, with its words", () => {
    const validate = (value: unknown) =>
      (value as { a: number }).a === 2
        ? { issues: [{ message: "two is taken", path: ["a", { key: 0 }] }, { message: "x".repeat(1_000) }] }
        : { value: { a: "made" } };
    const input = fake({ validate, jsonSchema: { type: "object", properties: { a: { type: "number" } } } });
    const made = tool({ ...base, input, execute: () => null });
    expect(check(made, { a: 1 })).toEqual({ a: "made" });
    expect(check(made, { a: 2 })).toContain('"a[0]" does not fit: two is taken');
    expect(String(check(made, { a: 2 })).length).toBeLessThan(1_000);
  });

  test("one that checks later, or throws, is a refusal and no failure", async () => {
    const jsonSchema = { type: "object" };
    const later = tool({
      ...base,
      input: fake({ validate: async () => await Promise.resolve({ value: { late: 1 } }), jsonSchema }),
      execute: () => null,
    });
    expect(await later.parseInput({})).toEqual({ ok: true, value: { late: 1 } });
    const throwers: (() => unknown)[] = [
      () => Promise.reject(new Error("later")),
      () => {
        throw new Error("now");
      },
    ];
    for (const validate of throwers) {
      const made = tool({ ...base, input: fake({ validate, jsonSchema }), execute: () => null });
      expect(await made.parseInput({})).toMatchObject({
        ok: false,
        message: expect.stringMatching(/cannot be checked: (later|now)/) as string,
      });
    }
  });

  test.each<[string, () => unknown, string]>([
    [
      "Valibot by itself",
      () => v.object({ a: v.string() }),
      "`toStandardJsonSchema()` of `@valibot/to-json-schema`",
    ],
    ["Zod 3", () => z3.object({ a: z3.string() }), "use Zod 4"],
    [
      "a library without JSON Schema",
      () => fake({ vendor: "other", validate: () => ({ value: 1 }) }),
      "pass its JSON Schema instead",
    ],
    [
      "a schema without a JSON form",
      () =>
        fake({
          validate: () => ({ value: 1 }),
          toJson: () => {
            throw new Error("a date");
          },
        }),
      "a date",
    ],
  ])("%s is refused, and told what to do", (_name, make, words) => {
    expect(() => tool({ ...base, input: make() as never, execute: () => null })).toThrow(words);
    expect(() =>
      tool({ ...base, input: { type: "object" }, output: make() as never, execute: () => null as never }),
    ).toThrow(words);
  });
});

interface Fake {
  readonly vendor?: string;
  readonly validate: (value: unknown) => unknown;
  readonly jsonSchema?: Record<string, unknown>;
  readonly toJson?: () => Record<string, unknown>;
}

/** A schema of the standard as a library makes it. */
function fake({ vendor = "fake", validate, jsonSchema, toJson }: Fake) {
  const give = toJson ?? (jsonSchema === undefined ? undefined : () => jsonSchema);
  return {
    "~standard": {
      version: 1,
      vendor,
      validate,
      ...(give === undefined ? {} : { jsonSchema: { input: give, output: give } }),
    },
  } as never;
}
