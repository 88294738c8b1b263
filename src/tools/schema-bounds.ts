/**
 * What a JSON Schema from outside may be: refuses oversized ones, and counts what decides how it is compiled and checked.
 *
 * It reads the schema as plain data: every nested object counts, whatever the keyword, so nothing can hide in a
 * keyword that it does not know. It stops at the first bound, so it costs little for a schema of any size.
 */
import { ToolscriptError } from "../errors.ts";
import { CHOICES } from "./json-schema/keywords.ts";
import type { JsonSchema } from "./tool.ts";

/** Levels of objects and arrays in one schema. */
export const DEFAULT_MAX_SCHEMA_DEPTH = 64;
/** Objects, arrays and values in one schema. */
export const DEFAULT_MAX_SCHEMA_NODES = 10_000;
/** Characters of all keys and texts in one schema. */
export const DEFAULT_MAX_SCHEMA_CHARS = 1_000_000;
/** Characters of one regular expression in a schema. */
export const DEFAULT_MAX_PATTERN_CHARS = 1_000;
/** Characters of all regular expressions in a schema. */
export const DEFAULT_MAX_PATTERNS_CHARS = 20_000;

/** Characters that a set of Unicode (`\p{L}`) counts for in a regular expression: reading it takes as long. */
const UNICODE_SET_CHARS = 15;

/** Facts of a schema that decide how it may be used. */
export interface SchemaFacts {
  /** Objects, arrays and values. */
  readonly nodes: number;
  /** Characters of keys and texts. */
  readonly chars: number;
  /** Characters of regular expressions. */
  readonly patternChars: number;
  /** Keywords that count the characters of a text. */
  readonly lengths: number;
  /** Some part carries a `default`. */
  readonly hasDefaults: boolean;
  readonly hasUnevaluated: boolean;
  /** Some part refers to another, and some part is a choice. */
  readonly hasChoicesOfReferences: boolean;
  /** Uses a keyword form that only drafts before 2019-09 have. */
  readonly isOldDraft: boolean;
}

/**
 * Walks a schema once.
 *
 * @param what How the schema is named in an error, as in `Input schema of "get_expenses"`.
 * @throws {ToolscriptError} `invalid-tool` when the schema is too deep, too large or has a pattern that is too long
 */
export function inspectSchema(schema: JsonSchema, what: string): SchemaFacts {
  return new Inspection(what).inspect(schema);
}

class Inspection {
  readonly #what: string;
  #nodes = 0;
  #chars = 0;
  #patternChars = 0;
  #lengths = 0;
  #references = 0;
  #choices = 0;
  #hasDefaults = false;
  #hasUnevaluated = false;
  #isOldDraft = false;

  constructor(what: string) {
    this.#what = what;
  }

  inspect(schema: JsonSchema): SchemaFacts {
    const { $schema: dialect } = schema;
    this.#isOldDraft = typeof dialect === "string" && /draft-0[3-7]/.test(dialect.slice(0, 100));
    this.#visit(schema, 1);
    return {
      nodes: this.#nodes,
      chars: this.#chars,
      patternChars: this.#patternChars,
      lengths: this.#lengths,
      hasDefaults: this.#hasDefaults,
      hasUnevaluated: this.#hasUnevaluated,
      hasChoicesOfReferences: this.#references > 0 && this.#choices > 0,
      isOldDraft: this.#isOldDraft,
    };
  }

  #visit(value: unknown, depth: number): void {
    this.#nodes += 1;
    if (this.#nodes > DEFAULT_MAX_SCHEMA_NODES) {
      this.#refuse(`it has more than "${DEFAULT_MAX_SCHEMA_NODES}" parts; make it smaller`);
    }
    if (typeof value === "string") this.#count(value);
    if (typeof value !== "object" || value === null) return;
    if (depth > DEFAULT_MAX_SCHEMA_DEPTH) {
      this.#refuse(`it is nested deeper than "${DEFAULT_MAX_SCHEMA_DEPTH}" levels; make it flatter`);
    }
    if (Array.isArray(value)) {
      for (const item of value) this.#visit(item, depth + 1);
      return;
    }
    for (const keyword of Object.keys(value)) {
      const part = (value as JsonSchema)[keyword];
      this.#count(keyword);
      this.#note(keyword, part);
      this.#visit(part, depth + 1);
    }
  }

  #count(text: string): void {
    this.#chars += text.length;
    if (this.#chars > DEFAULT_MAX_SCHEMA_CHARS) {
      this.#refuse(`it has more than "${DEFAULT_MAX_SCHEMA_CHARS}" characters; make it smaller`);
    }
  }

  #note(keyword: string, part: unknown): void {
    if (keyword === "pattern" && typeof part === "string") this.#notePattern(part);
    if (keyword === "patternProperties" && typeof part === "object" && part !== null) {
      for (const pattern of Object.keys(part)) this.#notePattern(pattern);
    }
    if (keyword === "minLength" || keyword === "maxLength") this.#lengths += 1;
    if (keyword === "$ref" || keyword === "$dynamicRef" || keyword === "$recursiveRef") this.#references += 1;
    if (CHOICES.has(keyword)) this.#choices += 1;
    if (keyword === "default") this.#hasDefaults = true;
    if (keyword === "unevaluatedProperties" || keyword === "unevaluatedItems") this.#hasUnevaluated = true;
    if (keyword === "items" && Array.isArray(part)) this.#isOldDraft = true;
  }

  #notePattern(pattern: string): void {
    if (pattern.length > DEFAULT_MAX_PATTERN_CHARS) {
      this.#refuse(`a pattern has more than "${DEFAULT_MAX_PATTERN_CHARS}" characters; shorten it`);
    }
    const sets = pattern.match(/\\p/gi)?.length ?? 0;
    this.#patternChars += pattern.length + sets * UNICODE_SET_CHARS;
    if (this.#patternChars > DEFAULT_MAX_PATTERNS_CHARS) {
      this.#refuse(
        `its patterns have more than "${DEFAULT_MAX_PATTERNS_CHARS}" characters together; shorten them`,
      );
    }
  }

  #refuse(reason: string): never {
    throw new ToolscriptError("invalid-tool", `${this.#what} cannot be used: ${reason}`);
  }
}
