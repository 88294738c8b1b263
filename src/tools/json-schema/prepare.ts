/**
 * The form of a schema that is compiled: without texts for people, and with a note at each schema within it of what looking
 * at a value with it costs, for the meter of a check.
 */
import type { JsonSchema } from "../tool.ts";
import { ANNOTATIONS, CHOICES, isObject, KEYWORDS, toSubschemas, toWords } from "./keywords.ts";
import { CHARS_A_STEP } from "./work-meter.ts";

/** Keyword that carries a {@link WorkNote}. One of that name in a schema from outside is left out. */
export const WORK_KEYWORD = "$toolscript:work";

/** What one schema costs for each value that it is applied to. */
export interface WorkNote {
  /** Keywords and the values in them. */
  readonly keywords: number;
  /** Keywords that list all keys of an object. */
  readonly listings: number;
  /** Whether all items are compared with each other; `scalars` where that takes one pass. */
  readonly pairs: "none" | "scalars" | "all";
  /** Whether the schema is one of several that a value may fit. */
  readonly isChoice: boolean;
}

/** What is known of the whole schema. */
export interface PrepareOptions {
  /** Whether some part asks what no other part has looked at, so that all of them keep account of it. */
  readonly hasUnevaluated: boolean;
  /** Whether a schema that is referred to may be one of several that a value may fit. */
  readonly hasChoicesOfReferences: boolean;
}

/** Copies a schema, with notes and without annotations. */
export function prepareSchema(schema: JsonSchema, options: PrepareOptions): JsonSchema {
  const { hasUnevaluated, hasChoicesOfReferences: isChoice } = options;
  return copy(schema, { isNoted: true, hasUnevaluated, isChoice }) as JsonSchema;
}

/** Copies a schema without what it says to people only. */
export function withoutAnnotations(schema: JsonSchema): JsonSchema {
  return copy(schema, { isNoted: false, hasUnevaluated: false, isChoice: false }) as JsonSchema;
}

interface Place {
  readonly isNoted: boolean;
  readonly hasUnevaluated: boolean;
  readonly isChoice: boolean;
}

function copy(schema: unknown, place: Place): unknown {
  if (!isObject(schema)) return schema;
  const copied: [string, unknown][] = place.isNoted ? [[WORK_KEYWORD, toNote(schema, place)]] : [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword) || keyword === WORK_KEYWORD) continue;
    const inner = CHOICES.has(keyword) ? { ...place, isChoice: true } : place;
    copied.push([keyword, copyValue(keyword, value, inner)]);
  }
  return Object.fromEntries(copied);
}

function copyValue(keyword: string, value: unknown, place: Place): unknown {
  const parts = toSubschemas(keyword, value);
  if (parts.length === 0) return value;
  const [first] = parts;
  if (first !== undefined && first[0] === undefined) return copy(first[1], place);
  const copied = parts.map(([key, part]) => [key, copy(part, place)] as const);
  if (Array.isArray(value)) return copied.map(([, part]) => part);
  return Object.fromEntries([...Object.entries(value as object), ...copied]);
}

const LISTING = new Set(
  toWords(`additionalProperties maxProperties minProperties patternProperties propertyNames
    unevaluatedProperties`),
);

function toNote(schema: Readonly<Record<string, unknown>>, place: Place): WorkNote {
  let keywords = 1;
  let listings = place.hasUnevaluated ? 1 : 0;
  for (const [keyword, value] of Object.entries(schema)) {
    if (!KEYWORDS.has(keyword) || ANNOTATIONS.has(keyword)) continue;
    const subschemas = toSubschemas(keyword, value).length;
    keywords += subschemas > 0 ? subschemas : toWeight(value);
    if (LISTING.has(keyword)) listings += keyword === "patternProperties" ? Math.max(1, subschemas) : 1;
  }
  return { keywords, listings, pairs: toPairs(schema), isChoice: place.isChoice };
}

/** Values within a value, and what comparing with its strings costs. */
function toWeight(value: unknown): number {
  if (typeof value === "string") return 1 + Math.ceil(value.length / CHARS_A_STEP);
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((weight: number, part) => weight + toWeight(part), 1);
}

function toPairs({ uniqueItems, items }: Readonly<Record<string, unknown>>): WorkNote["pairs"] {
  if (uniqueItems !== true) return "none";
  const type = isObject(items) ? items["type"] : undefined;
  const types = typeof type === "string" ? [type] : Array.isArray(type) ? (type as unknown[]) : [];
  const areScalars = types.length > 0 && !types.includes("object") && !types.includes("array");
  return areScalars ? "scalars" : "all";
}
