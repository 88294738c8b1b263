/** Schemas, patterns and inputs by a seed: mostly valid, mostly small, now and then as costly as they can be. */
import * as z from "zod";
import type { JsonSchema } from "../../../src/tools/tool.ts";
import type { Random } from "../random.ts";

const NAMES = ["a", "b", "c", "x y", "__proto__", "constructor"];
const WORDS = ["", "a", "ab", "b-c", "2024-01-01", "x@y.zz", "é", "aaaa!", "a b"];
const FORMATS = ["date", "email", "uri", "uuid", "ipv4", "date-time", "unknown", "hostname", "url"];
const ATOMS = [
  "a",
  "b",
  "[ab]",
  "[^b]",
  ".",
  "\\s",
  "\\w",
  "(?:a|b)",
  "(?:a|ab)",
  "(?:b?)",
  "^",
  "$",
  "\\b",
  "(?=a)",
];

/** A pattern of a few parts, some of them repeated, some repeated within what is repeated. */
export function generatePattern(random: Random, depth = 2): string {
  const parts = Array.from({ length: random.integer(1, 3) }, () => {
    const isGroup = depth > 0 && random.chance(0.3);
    const part = isGroup ? `(?:${generatePattern(random, depth - 1)})` : random.pick(ATOMS);
    const isRepeatable = !["^", "$", "\\b", "(?=a)"].includes(part);
    return isRepeatable && random.chance(0.5)
      ? part + random.pick(["*", "+", "?", "{1,3}", "{2}", "*?"])
      : part;
  });
  const pattern = parts.join("");
  return depth > 0 && random.chance(0.2) ? `${pattern}|${generatePattern(random, depth - 1)}` : pattern;
}

/** A text that patterns like: one or two characters again and again, and another one at the end. */
export function generateText(random: Random, most: number): string {
  const unit = random.pick(["a", "b", "ab", " ", "a ", "aab"]);
  const length = random.chance(0.3) ? random.size(most) : random.integer(0, 40);
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length) + random.pick(["", "!", "\n", "c"]);
}

function scalar(random: Random): unknown {
  return random.pick<unknown>([null, true, false, 0, 1, 2, -1, 1.5, [], {}, ...WORDS]);
}

/** A small JSON value. */
export function generateValue(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.4)) return scalar(random);
  const length = random.integer(0, 4);
  if (random.chance(0.5)) return Array.from({ length }, () => generateValue(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length }, () => [random.pick(NAMES), generateValue(random, depth - 1)]),
  );
}

/** An input: a few fields, one of which may be very large. */
export function generateInput(random: Random, mostParts: number): Record<string, unknown> {
  const fields = Array.from({ length: random.integer(0, 4) }, () => random.pick(NAMES));
  return Object.fromEntries(fields.map((name) => [name, generateField(random, mostParts)]));
}

function generateField(random: Random, mostParts: number): unknown {
  const item = generateValue(random, 2);
  const itemParts = JSON.stringify(item).match(/[,:[{]/g)?.length ?? 0;
  const length = Math.floor(random.size(mostParts) / (itemParts + 2));
  switch (random.integer(0, 9)) {
    case 0:
      return Array.from({ length }, () => item);
    case 1:
      return Array.from({ length }, (_, at) => (at % 2 === 0 ? at : { a: at }));
    case 2:
      return Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, item]));
    case 3:
      return Array.from({ length: Math.min(length, 900) }).reduce<unknown>((inner) => ({ a: inner }), item);
    case 4:
      return generateText(random, mostParts * 20);
    default:
      return generateValue(random, 3);
  }
}

type Part = () => unknown;

/** What one keyword may say, with schemas from `part` in it. */
const KEYWORDS: readonly ((random: Random, part: Part) => JsonSchema)[] = [
  (random) => ({ type: random.pick(["string", "integer", "number", "object", "array", "boolean", "null"]) }),
  (random) => ({
    type: random.pick([
      ["string", "null"],
      ["integer", "array"],
    ]),
  }),
  (random, part) => ({ properties: { [random.pick(NAMES)]: part(), [random.pick(NAMES)]: part() } }),
  (random) => ({ required: [random.pick(NAMES)] }),
  (_random, part) => ({ additionalProperties: part() }),
  (_random, part) => ({ items: part() }),
  (random, part) => ({ anyOf: Array.from({ length: random.integer(1, 4) }, part) }),
  (random, part) => ({ oneOf: Array.from({ length: random.integer(1, 4) }, part) }),
  (random, part) => ({ allOf: Array.from({ length: random.integer(1, 4) }, part) }),
  (_random, part) => ({ not: part() }),
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  (_random, part) => ({ if: part(), then: part(), else: part() }),
  (random) => ({ enum: Array.from({ length: random.integer(1, 300) }, () => generateValue(random, 1)) }),
  (random) => ({ const: generateValue(random, 1) }),
  (random) => ({ pattern: generatePattern(random) }),
  (random) => ({ format: random.pick(FORMATS) }),
  (random) => ({ minLength: random.integer(0, 3), maxLength: random.integer(3, 50) }),
  (random) => ({ minimum: random.integer(-1, 2) }),
  (random) => ({ multipleOf: random.pick([1, 2, 0.5]) }),
  () => ({ uniqueItems: true }),
  (random, part) => ({ contains: part(), minContains: random.integer(1, 2) }),
  (_random, part) => ({ prefixItems: [part(), part()] }),
  (random, part) => ({ patternProperties: { [generatePattern(random)]: part() } }),
  (_random, part) => ({ propertyNames: part() }),
  (random) => ({ dependentRequired: { [random.pick(NAMES)]: [random.pick(NAMES)] } }),
  (random, part) => ({ dependentSchemas: { [random.pick(NAMES)]: part() } }),
  (_random, part) => ({ unevaluatedProperties: part() }),
  (_random, part) => ({ unevaluatedItems: part() }),
  (random) => ({ minProperties: random.integer(0, 2), maxItems: random.integer(0, 4) }),
  (random) => ({ $ref: random.pick(["#/$defs/one", "#/$defs/two"]) }),
  (random) => ({ default: generateValue(random, 1), description: random.pick(WORDS) }),
];

/** A JSON Schema of an object, with two definitions that may refer to each other. */
export function generateSchema(random: Random): JsonSchema {
  const part = (depth: number): unknown => {
    if (random.chance(0.05)) return random.chance(0.8);
    const count = depth > 0 ? random.integer(0, 3) : random.integer(0, 1);
    const inner = (): unknown => (depth > 0 ? part(depth - 1) : random.pick([{}, true, { type: "string" }]));
    return Object.assign(
      {},
      ...Array.from({ length: count }, () => random.pick(KEYWORDS)(random, inner)),
    ) as JsonSchema;
  };
  const $defs = { one: part(2), two: part(2) };
  return { ...(part(3) as object), $defs, type: "object" };
}

/** A Zod schema of an object. */
export function generateZod(random: Random): z.ZodType {
  const part = (depth: number): z.ZodType => {
    const kinds = depth > 0 ? ZOD_KINDS : ZOD_LEAVES;
    const made = random.pick(kinds)(random, () => part(depth - 1));
    return random.chance(0.2) ? random.pick(ZOD_WRAPPERS)(made) : made;
  };
  const shape = Object.fromEntries(["a", "b", "c", "x y"].map((name) => [name, part(3).optional()]));
  const object = random.pick([z.object, z.strictObject, z.looseObject])(shape);
  return random.chance(0.2) ? object.refine((value) => Object.keys(value).length < 3, "too many") : object;
}

const ZOD_LEAVES: readonly ((random: Random, part: () => z.ZodType) => z.ZodType)[] = [
  () => z.string(),
  () => z.number(),
  () => z.int(),
  () => z.boolean(),
  () => z.null(),
  () => z.unknown(),
  (random) => z.enum(["a", "b", random.pick(["ab", "c"])]),
  (random) => z.literal(random.pick(["a", 1, true])),
  (random) => z.string().regex(new RegExp(generatePattern(random))),
  () => z.email(),
  () => z.string().trim().min(1),
  () => z.coerce.number(),
];

const ZOD_KINDS: readonly ((random: Random, part: () => z.ZodType) => z.ZodType)[] = [
  ...ZOD_LEAVES,
  (_random, part) => z.array(part()),
  (_random, part) => z.array(part()).min(1),
  (_random, part) => z.array(part()).refine((items) => items.length !== 3, "not three"),
  (_random, part) => z.object({ a: part(), b: part().optional() }),
  (_random, part) => z.strictObject({ a: part().optional() }),
  (_random, part) => z.object({ a: part().optional() }).catchall(part()),
  (_random, part) => z.record(z.string(), part()),
  (random, part) => z.record(z.string().regex(new RegExp(generatePattern(random, 1))), part()),
  (_random, part) => z.record(z.enum(["a", "b"]), part()),
  (_random, part) => z.partialRecord(z.enum(["a", "b"]), part()),
  (_random, part) => z.union([part(), part(), part()]),
  (_random, part) =>
    z.discriminatedUnion("a", [
      z.object({ a: z.literal(0), b: part() }),
      z.object({ a: z.literal(1), b: part().optional() }),
    ]),
  (_random, part) => z.tuple([part(), part()], part()),
  (_random, part) => z.intersection(z.looseObject({ a: part() }), z.looseObject({ b: part() })),
  (_random, part) => z.array(part()).transform((items) => items.length),
  (_random, part) => z.preprocess((value) => value ?? [], part()),
  (_random, part) => z.lazy(part),
];

const ZOD_WRAPPERS: readonly ((inner: z.ZodType) => z.ZodType)[] = [
  (inner) => inner.optional(),
  (inner) => inner.nullable(),
  (inner) => inner.default(null),
  (inner) => inner.readonly(),
  (inner) => inner.catch("caught"),
];
