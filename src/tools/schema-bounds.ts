/**
 * What a JSON Schema from outside may cost: refuses oversized schemas and says whether checking a value against
 * one may take more than linear time.
 *
 * It reads the schema as plain data: every nested object counts, whatever the keyword, so nothing can hide in a
 * keyword that it does not know.
 */
import { ToolscriptError } from "../errors.ts";
import type { JsonSchema } from "./tool.ts";

/** Levels of objects and arrays in one schema. */
export const DEFAULT_MAX_SCHEMA_DEPTH = 64;
/** Objects, arrays and values in one schema. */
export const DEFAULT_MAX_SCHEMA_NODES = 10_000;
/** Characters of one regular expression in a schema. */
export const DEFAULT_MAX_PATTERN_CHARS = 1_000;

/** Facts of a schema that decide how it may be used. */
export interface SchemaFacts {
  /** Objects, arrays and values. */
  readonly nodes: number;
  /** Checking a value may take more than linear time: it must run under a deadline. */
  readonly risky: boolean;
  /** Some part carries a `default`. */
  readonly hasDefaults: boolean;
  /** Uses a keyword form that only drafts before 2019-09 have. */
  readonly isOldDraft: boolean;
}

interface Walk {
  nodes: number;
  refs: number;
  combinators: number;
  risky: boolean;
  hasDefaults: boolean;
  isOldDraft: boolean;
}

/**
 * Walks a schema once.
 *
 * @param what How the schema is named in an error, as in `Input schema of "get_expenses"`.
 * @throws {ToolscriptError} `invalid-tool` when the schema is too deep, too large or has a pattern that is too long
 */
export function inspectSchema(schema: JsonSchema, what: string): SchemaFacts {
  const walk: Walk = {
    nodes: 0,
    refs: 0,
    combinators: 0,
    risky: false,
    hasDefaults: false,
    isOldDraft: /draft-0[3-7]/.test(String(schema["$schema"])),
  };
  visit(schema, 1, walk, what);
  const multiplies = walk.refs > 0 && walk.combinators > 0;
  return {
    nodes: walk.nodes,
    risky: walk.risky || multiplies,
    hasDefaults: walk.hasDefaults,
    isOldDraft: walk.isOldDraft,
  };
}

function visit(value: unknown, depth: number, walk: Walk, what: string): void {
  walk.nodes += 1;
  if (walk.nodes > DEFAULT_MAX_SCHEMA_NODES) {
    refuse(what, `it has more than "${DEFAULT_MAX_SCHEMA_NODES}" parts; make it smaller`);
  }
  if (typeof value !== "object" || value === null) return;
  if (depth > DEFAULT_MAX_SCHEMA_DEPTH) {
    refuse(what, `it is nested deeper than "${DEFAULT_MAX_SCHEMA_DEPTH}" levels; make it flatter`);
  }
  if (Array.isArray(value)) {
    for (const item of value) visit(item, depth + 1, walk, what);
    return;
  }
  for (const [keyword, part] of Object.entries(value)) {
    note(keyword, part, walk, what);
    visit(part, depth + 1, walk, what);
  }
}

function note(keyword: string, part: unknown, walk: Walk, what: string): void {
  if (keyword === "pattern" && typeof part === "string") notePattern(part, walk, what);
  if (keyword === "patternProperties" && typeof part === "object" && part !== null) {
    for (const pattern of Object.keys(part)) notePattern(pattern, walk, what);
  }
  if (keyword === "$ref" || keyword === "$dynamicRef" || keyword === "$recursiveRef") walk.refs += 1;
  if (COMBINATORS.has(keyword)) walk.combinators += 1;
  if (keyword === "uniqueItems" && part === true) walk.risky = true;
  if (keyword === "default") walk.hasDefaults = true;
  if (keyword === "items" && Array.isArray(part)) walk.isOldDraft = true;
}

const COMBINATORS = new Set(["allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "contains"]);

function notePattern(pattern: string, walk: Walk, what: string): void {
  if (pattern.length > DEFAULT_MAX_PATTERN_CHARS) {
    refuse(what, `a pattern has more than "${DEFAULT_MAX_PATTERN_CHARS}" characters; shorten it`);
  }
  if (!isLinearPattern(pattern)) walk.risky = true;
}

/**
 * Whether a regular expression surely takes no more than quadratic time: no repeated group, no backreference, at
 * most one repetition of open length (two when it is anchored at its start).
 */
export function isLinearPattern(pattern: string): boolean {
  if (/\\[1-9k]/.test(pattern)) return false;
  const bare = pattern.replaceAll(/\\./gs, "x").replaceAll(/\[[^\]]*\]/g, "x");
  if (/\)[*+?{]/.test(bare)) return false;
  const open = bare.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0;
  const optional = bare.match(/[^*+}(]\?/g)?.length ?? 0;
  return open <= (bare.startsWith("^") ? 2 : 1) && optional <= 4;
}

function refuse(what: string, reason: string): never {
  throw new ToolscriptError("invalid-tool", `${what} cannot be used: ${reason}`);
}
