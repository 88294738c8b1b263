/**
 * A reading view of a JSON Schema: follows `$ref` inside the document and merges `allOf`, with bounds, so that what
 * prints a schema need not know either. It never throws and never changes the schema.
 *
 * What is read more often than once is kept by the object that it was read from, so a schema of references to one large part
 * costs no more than that part.
 */
import { toWords } from "./json-schema/keywords.ts";
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

/** A schema as one keyword map, and how many parts it was made of. */
export interface MergedSchema {
  readonly schema: SchemaObject;
  readonly parts: readonly SchemaObject[];
}

/** Whether `value` is a schema with keywords, not a boolean or rubbish. */
export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts that must all hold: the schema itself, what its `$ref` leads to, and its `allOf`. */
function toParts(schema: SchemaObject, root: SchemaObject): SchemaObject[] {
  const parts = new Set<SchemaObject>();
  const open: unknown[] = [schema];
  for (let at = 0; at < open.length && parts.size < DEFAULT_MAX_VIEW_STEPS; at += 1) {
    const part = open[at];
    if (!isSchemaObject(part) || parts.has(part)) continue;
    parts.add(part);
    if ("$ref" in part) open.push(followPointer(part["$ref"], root));
    open.push(...toArray(part["allOf"]).slice(0, DEFAULT_MAX_VIEW_STEPS));
  }
  return [...parts];
}

/** Keywords that what prints a schema reads; those of objects are joined by {@link resolveObject}. */
const READ_KEYWORDS = toWords(`$ref additionalProperties anyOf const default description enum exclusiveMaximum
    exclusiveMinimum format items maxItems maxLength maximum minItems minLength minimum multipleOf
    nullable oneOf pattern prefixItems properties type`);

/** The schema as one keyword map; the outermost part wins. */
export function mergeParts(schema: SchemaObject, root: SchemaObject): MergedSchema {
  const parts = toParts(schema, root);
  if (parts.length === 1) return { schema, parts };
  const merged = Object.create(null) as Record<string, unknown>;
  for (const part of parts) {
    for (const keyword of READ_KEYWORDS) {
      if (Object.hasOwn(part, keyword) && !Object.hasOwn(merged, keyword)) merged[keyword] = part[keyword];
    }
  }
  delete merged["$ref"];
  return { schema: merged, parts };
}

/** The view of an object schema, with at most so many properties. */
export function resolveObject(
  schema: SchemaObject,
  root: SchemaObject,
  maxProperties = Infinity,
): ObjectView {
  const merged = mergeParts(schema, root);
  return toObjectView(merged, maxProperties);
}

/** The view of an object schema that has been merged, with at most so many properties. */
export function toObjectView({ schema, parts }: MergedSchema, maxProperties = Infinity): ObjectView {
  const properties = new Map<string, PropertyView>();
  const required = parts.map(toRequired);
  for (const part of parts) {
    for (const [name, property] of toEntries(part["properties"])) {
      if (properties.size >= maxProperties) break;
      if (properties.has(name)) continue;
      properties.set(name, { name, schema: property, required: required.some((names) => names.has(name)) });
    }
  }
  return {
    properties: [...properties.values()],
    others: schema["additionalProperties"],
    hasUnion: toBranches(schema).some(isShape),
  };
}

/** Alternatives that are read; a choice of more has no type that anybody would read. */
const MAX_READ_BRANCHES = 64;

/** The alternatives of `anyOf` and `oneOf`. */
export function toBranches(schema: SchemaObject): readonly unknown[] {
  const lists = [toArray(schema["anyOf"]), toArray(schema["oneOf"])];
  return lists.flatMap((list) => list.slice(0, MAX_READ_BRANCHES));
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

const knownEntries = new WeakMap<object, readonly [string, unknown][]>();
const knownRequired = new WeakMap<object, ReadonlySet<unknown>>();
const NOTHING: ReadonlySet<unknown> = new Set();

function toEntries(value: unknown): readonly [string, unknown][] {
  if (!isSchemaObject(value)) return [];
  const entries = knownEntries.get(value) ?? Object.entries(value);
  knownEntries.set(value, entries);
  return entries;
}

function toRequired({ required }: SchemaObject): ReadonlySet<unknown> {
  if (!Array.isArray(required)) return NOTHING;
  const names = knownRequired.get(required) ?? new Set(required as unknown[]);
  knownRequired.set(required, names);
  return names;
}
