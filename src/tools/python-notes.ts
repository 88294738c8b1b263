/**
 * What a type cannot say, as a short comment: ranges, lengths, patterns, formats.
 */
import { shorten } from "./input-message.ts";
import type { SchemaObject } from "./schema-view.ts";

/** Characters of a pattern that is shown. */
const DEFAULT_MAX_SHOWN_PATTERN_CHARS = 60;

const FORMATS: Readonly<Record<string, string>> = {
  date: "YYYY-MM-DD",
  "date-time": "ISO 8601 with zone",
  time: "HH:MM:SS",
  duration: "ISO 8601 duration",
};

/**
 * The limits of a schema. For a result only its date formats: a script has to parse them, while every other limit
 * of a result is the tool's own affair.
 */
export function toLimits(schema: SchemaObject, isInput: boolean): string {
  const format = typeof schema["format"] === "string" ? schema["format"] : undefined;
  const known = format === undefined ? undefined : FORMATS[format];
  if (!isInput) return known ?? "";
  return [
    known ?? (format === undefined ? toPattern(schema) : shorten(format, 40)),
    toRange(schema),
    toCount(schema, "minLength", "maxLength", "chars"),
    toCount(schema, "minItems", "maxItems", "items"),
    typeof schema["multipleOf"] === "number" ? `multiple of ${schema["multipleOf"]}` : "",
  ]
    .filter((text) => text !== "")
    .join(", ");
}

function toPattern(schema: SchemaObject): string {
  const pattern = schema["pattern"];
  return typeof pattern === "string" && pattern.length <= DEFAULT_MAX_SHOWN_PATTERN_CHARS
    ? `matches ${pattern}`
    : "";
}

function toRange(schema: SchemaObject): string {
  const low = toBound(schema["minimum"]);
  const high = toBound(schema["maximum"]);
  if (low !== undefined && high !== undefined) return `${low}..${high}`;
  const above = toBound(schema["exclusiveMinimum"]);
  const below = toBound(schema["exclusiveMaximum"]);
  return [
    low === undefined ? "" : `>= ${low}`,
    above === undefined ? "" : `> ${above}`,
    high === undefined ? "" : `<= ${high}`,
    below === undefined ? "" : `< ${below}`,
  ]
    .filter((text) => text !== "")
    .join(", ");
}

/** A number that limits something. Zod writes the safe integers as bounds of every integer: they say nothing. */
function toBound(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function toCount(schema: SchemaObject, least: string, most: string, unit: string): string {
  const low = toBound(schema[least]);
  const high = toBound(schema[most]);
  if (high !== undefined) return low === high ? `${low} ${unit}` : `${low ?? 0}..${high} ${unit}`;
  if (low === undefined || low === 0) return "";
  return low === 1 ? "not empty" : `>= ${low} ${unit}`;
}
