/**
 * A reading view of a JSON Schema: follows `$ref` inside the document and merges `allOf`, with bounds, so that what
 * prints a schema need not know either. It never throws and never changes the schema.
 */

import { followPointer } from "./json-schema/pointer.ts";

/** References followed, and `allOf` parts merged, for one view. */
const DEFAULT_MAX_VIEW_STEPS = 200;

/** A JSON Schema keyword map. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** A property of an object schema. */
export interface PropertyView {
  readonly name: string;
  readonly schema: unknown;
  readonly required: boolean;
}

/** An object schema with its parts merged. */
export interface ObjectView {
  readonly properties: readonly PropertyView[];
  /** `additionalProperties`, when given. */
  readonly others: unknown;
  /** Some part is a choice between shapes: the properties do not tell the whole. */
  readonly hasUnion: boolean;
}

/** Whether `value` is a schema with keywords, not a boolean or rubbish. */
export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts that must all hold: the schema itself, what its `$ref` leads to, and its `allOf`. */
export function toParts(schema: SchemaObject, root: SchemaObject): SchemaObject[] {
  const parts: SchemaObject[] = [];
  const seen = new Set<unknown>();
  const open: unknown[] = [schema];
  while (open.length > 0 && seen.size < DEFAULT_MAX_VIEW_STEPS) {
    const part = open.shift();
    if (!isSchemaObject(part) || seen.has(part)) continue;
    seen.add(part);
    parts.push(part);
    if ("$ref" in part) open.push(followPointer(part["$ref"], root));
    if (Array.isArray(part["allOf"])) open.push(...(part["allOf"] as unknown[]));
  }
  return parts;
}

/** The schema as one keyword map; the outermost part wins, but `properties` and `required` are joined. */
export function mergeParts(schema: SchemaObject, root: SchemaObject): SchemaObject {
  const parts = toParts(schema, root);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const merged = Object.create(null) as Record<string, unknown>;
  const properties = new Map<string, unknown>();
  const required = new Set<unknown>();
  for (const part of parts) {
    for (const [keyword, value] of Object.entries(part)) {
      if (!Object.hasOwn(merged, keyword)) merged[keyword] = value;
    }
    for (const [name, value] of toEntries(part["properties"])) {
      if (!properties.has(name)) properties.set(name, value);
    }
    for (const name of toArray(part["required"])) required.add(name);
  }
  delete merged["$ref"];
  delete merged["allOf"];
  if (properties.size > 0) merged["properties"] = Object.fromEntries(properties);
  if (required.size > 0) merged["required"] = [...required];
  return merged;
}

/** The view of an object schema. */
export function resolveObject(schema: SchemaObject, root: SchemaObject): ObjectView {
  const merged = mergeParts(schema, root);
  const required = new Set(toArray(merged["required"]));
  return {
    properties: toEntries(merged["properties"]).map(([name, value]) => ({
      name,
      schema: value,
      required: required.has(name),
    })),
    others: merged["additionalProperties"],
    hasUnion: toBranches(merged).some(isShape),
  };
}

/** The alternatives of `anyOf` and `oneOf`. */
export function toBranches(schema: SchemaObject): readonly unknown[] {
  return [...toArray(schema["anyOf"]), ...toArray(schema["oneOf"])];
}

/** Whether a schema says what kind of value it is, rather than only limiting one (`{ required: ["a"] }`). */
export function isShape(schema: unknown): boolean {
  return isSchemaObject(schema) && SHAPE_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword));
}

const SHAPE_KEYWORDS = [
  "$ref",
  "additionalProperties",
  "allOf",
  "anyOf",
  "const",
  "enum",
  "items",
  "oneOf",
  "prefixItems",
  "properties",
  "type",
];

/** An array, or an empty one in place of anything else. */
export function toArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toEntries(value: unknown): [string, unknown][] {
  return isSchemaObject(value) ? Object.entries(value) : [];
}
