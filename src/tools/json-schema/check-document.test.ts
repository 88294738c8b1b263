import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../test/hostile/random.ts";
import { generateSchema } from "../../../test/hostile/schemas/generate.ts";
import type { JsonSchema } from "../tool.ts";
import { checkDocument } from "./check-document.ts";

function reasonOf(schema: JsonSchema): string {
  try {
    checkDocument(schema);
    return "valid";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether Ajv takes a schema, by the meta-schema of 2020-12 and by compiling it. */
function isPlainValid(schema: JsonSchema): boolean {
  const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true });
  try {
    ajv.compile(schema);
    return true;
  } catch {
    return false;
  }
}

const at = (schema: unknown): JsonSchema => ({ properties: { a: schema } });

describe("checkDocument()", () => {
  test.each<[JsonSchema, string]>([
    [at({ type: "text" }), '"/properties/a/type" must be the name of a type'],
    [at({ type: [] }), "an array of different names"],
    [at({ type: ["string", "string"] }), "an array of different names"],
    [at(1), '"/properties/a" must be an object or a boolean'],
    [at({ anyOf: [] }), "at least one schema"],
    [at({ allOf: {} }), "at least one schema"],
    [at({ items: null }), '"/properties/a/items" must be an object or a boolean'],
    [at({ required: ["a", "a"] }), "different strings"],
    [at({ required: "a" }), "different strings"],
    [at({ minLength: -1 }), "a whole number of at least 0"],
    [at({ maxItems: 1.5 }), "a whole number of at least 0"],
    [at({ minimum: "1" }), "must be a number"],
    [at({ exclusiveMinimum: true }), "must be a number"],
    [at({ multipleOf: 0 }), "a number above 0"],
    [at({ uniqueItems: 1 }), "must be a boolean"],
    [at({ description: 5 }), "must be a string"],
    [at({ format: [] }), "must be a string"],
    [at({ enum: "a" }), "must be an array"],
    [at({ enum: [] }), "at least one value"],
    [at({ pattern: "(" }), '"(" is not a regular expression'],
    [at({ patternProperties: { "[": {} } }), "is not a regular expression"],
    [at({ dependentRequired: { a: [1] } }), "different strings"],
    [at({ dependencies: { a: 1 } }), "must be an object or a boolean"],
    [at({ $ref: 1 }), "must be a string"],
    [at({ $ref: "#/$defs/a" }), "can't resolve reference #/$defs/a"],
    [at({ $ref: "https://example.com/a" }), "can't resolve reference"],
    [at({ $ref: "#/properties/a" }), "leads to itself"],
    [at({ $anchor: "1" }), "must be a name"],
    [at({ $async: true }), '"$async" is not supported'],
    [at({ nullable: true }), 'cannot be used without "type"'],
    [at({ type: "null", nullable: false }), "contradicts"],
    [{ properties: [] }, "must be an object"],
    [
      { ...at({ $ref: "#/$defs/a" }), $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      "leads to itself",
    ],
  ])("refuses %j", (schema, reason) => {
    expect(reasonOf(schema)).toContain(reason);
  });

  test.each<[JsonSchema]>([
    [at({ enum: [1], unknown: { type: "text" }, examples: [{ type: 1 }], const: { type: 2 } })],
    [{ properties: { type: { type: "string" }, pattern: { type: "string" }, $ref: { type: "string" } } }],
    [at({ pattern: "\\-" })],
    [at({ items: [{ type: "string" }] })],
    [{ $defs: { unused: { pattern: "(", $ref: "#/nowhere" } } }],
    [at({ $ref: "#" })],
  ])("takes %j", (schema) => {
    expect(reasonOf(schema)).toBe("valid");
  });

  test("says what only the compiler can tell, and what a reference leads to", () => {
    expect(checkDocument(at({ $id: "a.json" }))).toEqual({ isRare: true, hasOddReference: false });
    expect(checkDocument({ ...at({ $ref: "a.json" }), $id: "a.json" })).toEqual({
      isRare: true,
      hasOddReference: true,
    });
    expect(checkDocument({ ...at({ $ref: "#/odd" }), odd: { type: "string" } })).toEqual({
      isRare: false,
      hasOddReference: true,
    });
    expect(checkDocument({ ...at({ $ref: "#/$defs/a" }), $id: "a.json", $defs: { a: {} } })).toEqual({
      isRare: false,
      hasOddReference: false,
    });
  });

  test("agrees with the compiler on what is valid", () => {
    const wrong = {
      type: "text",
      minLength: -1,
      required: [1],
      $ref: "#/nowhere",
      pattern: "(",
      items: 5,
      enum: [],
    };
    let refused = 0;
    for (let seed = 1; seed <= 600; seed += 1) {
      const random = createRandom(seed);
      const schema = generateSchema(random);
      const keyword = random.pick(Object.keys(wrong) as (keyof typeof wrong)[]);
      const broken = random.chance(0.5) ? { ...schema, [keyword]: wrong[keyword] } : schema;
      const reason = reasonOf(broken);
      // A schema that is its own reference can be compiled, and no check with it comes to an end.
      if (reason.includes("leads to itself")) continue;
      expect(reason === "valid", `seed ${seed}: ${JSON.stringify(broken)}: ${reason}`).toBe(
        isPlainValid(broken),
      );
      refused += reason === "valid" ? 0 : 1;
    }
    expect(refused).toBeGreaterThan(100);
  });
});
