/**
 * The keywords of JSON Schema (2020-12, 2019-09, 07 and 06) and what their values must be: where the schemas within a
 * schema are, and which keywords say nothing about an input.
 */

/** What the value of a keyword is. */
export type KeywordShape =
  | "schema"
  | "schemas"
  | "schema-or-schemas"
  | "schema-map"
  | "schema-or-names-map"
  | "names"
  | "names-map"
  | "types"
  | "list"
  | "number"
  | "divisor"
  | "count"
  | "flag"
  | "text"
  | "pattern"
  | "reference"
  | "anchor"
  | "object"
  | "anything";

/** Every keyword that is known. Others are allowed and say nothing. */
export const KEYWORDS: ReadonlyMap<string, KeywordShape> = toShapes({
  schema: `additionalItems additionalProperties contains contentSchema else if not propertyNames then
    unevaluatedItems unevaluatedProperties`,
  schemas: "allOf anyOf oneOf prefixItems",
  "schema-or-schemas": "items",
  "schema-map": "$defs definitions dependentSchemas patternProperties properties",
  "schema-or-names-map": "dependencies",
  names: "required",
  "names-map": "dependentRequired",
  types: "type",
  list: "enum examples",
  number: "exclusiveMaximum exclusiveMinimum maximum minimum",
  divisor: "multipleOf",
  count: "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties",
  flag: "deprecated readOnly uniqueItems writeOnly",
  text: "$comment $id $schema contentEncoding contentMediaType description format title",
  pattern: "pattern",
  reference: "$dynamicRef $recursiveRef $ref",
  anchor: "$anchor $dynamicAnchor",
  object: "$vocabulary",
  anything: "const default",
});

/** Texts and values for people. They are left out where a schema is compiled: a schema may carry megabytes of them. */
export const ANNOTATIONS: ReadonlySet<string> = new Set(
  toWords(`$comment contentEncoding contentMediaType default deprecated description examples readOnly
    title writeOnly`),
);

/** Keywords whose schemas a value may or may not fit. */
export const CHOICES: ReadonlySet<string> = new Set([
  "anyOf",
  "contains",
  "if",
  "not",
  "oneOf",
  "propertyNames",
]);

/** Keywords that give parts of a schema names of their own, or refer by them. What they mean is left to the compiler. */
export const NAMING_KEYWORDS: ReadonlySet<string> = new Set(
  toWords("$anchor $dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef id"),
);

/** The schemas that stand directly in the value of a keyword, by their keys within it; none for other keywords. */
export function toSubschemas(keyword: string, value: unknown): [key: string | undefined, schema: unknown][] {
  switch (KEYWORDS.get(keyword)) {
    case "schema":
      return [[undefined, value]];
    case "schemas":
      return Array.isArray(value) ? Object.entries(value) : [];
    case "schema-or-schemas":
      return Array.isArray(value) ? Object.entries(value) : [[undefined, value]];
    case "schema-map":
      return isObject(value) ? Object.entries(value) : [];
    case "schema-or-names-map":
      return isObject(value) ? Object.entries(value).filter(([, part]) => !Array.isArray(part)) : [];
    default:
      return [];
  }
}

/** Whether `value` is an object that is no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toShapes(names: Readonly<Record<KeywordShape, string>>): Map<string, KeywordShape> {
  const entries = Object.entries(names) as [KeywordShape, string][];
  return new Map(
    entries.flatMap(([shape, keywords]) => toWords(keywords).map((keyword) => [keyword, shape])),
  );
}

/** The words of a text. */
export function toWords(text: string): string[] {
  return text.split(/\s+/);
}
