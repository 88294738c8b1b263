/**
 * Whether a JSON Schema is one: each keyword has a value of its kind, and what is used of it can be used. One pass over
 * the document, without compiling it; what depends on names of parts is left to the compiler.
 */
import { shorten } from "../input-message.ts";
import type { JsonSchema } from "../tool.ts";
import { UsedSchemas } from "./check-used.ts";
import { isObject, KEYWORDS, type KeywordShape, NAMING_KEYWORDS, toSubschemas } from "./keywords.ts";

/** What a pass over the document found out. */
export interface DocumentFacts {
  /** Only the compiler can tell whether the schema is valid. */
  readonly isRare: boolean;
  /** A reference leads to something that no known keyword says is a schema. */
  readonly hasOddReference: boolean;
}

/** @throws {Error} with the reason, when the document is no valid schema */
export function checkDocument(root: JsonSchema): DocumentFacts {
  const structure = new Structure(root);
  structure.visit(root, "");
  const { hasNames, schemas, references } = structure;
  const isForeign = references.some((reference) => !reference.startsWith("#"));
  const isRare = hasNames || (isForeign && root["$id"] !== undefined);
  if (isRare) return { isRare, hasOddReference: references.length > 0 };
  const targets = new UsedSchemas(root).check();
  return {
    isRare,
    hasOddReference: targets.some((target) => typeof target !== "boolean" && !schemas.has(target)),
  };
}

/** The document as it is written. */
class Structure {
  readonly schemas = new Set<unknown>();
  readonly references: string[] = [];
  /** Some part has a name. */
  hasNames = false;
  readonly #root: JsonSchema;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  visit(schema: unknown, path: string): void {
    if (typeof schema === "boolean") return;
    if (!isObject(schema)) throw wrong(path, "must be an object or a boolean");
    this.schemas.add(schema);
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${path}/${shorten(keyword, MAX_SHOWN_KEY_CHARS)}`;
      checkValue(keyword, value, at);
      if (keyword === "$ref") this.references.push(String(value));
      this.hasNames ||= NAMING_KEYWORDS.has(keyword) || (keyword === "$id" && schema !== this.#root);
      for (const [key, part] of toSubschemas(keyword, value)) {
        this.visit(part, key === undefined ? at : `${at}/${shorten(key, MAX_SHOWN_KEY_CHARS)}`);
      }
    }
  }
}

const MAX_SHOWN_KEY_CHARS = 60;

const TYPES = new Set<unknown>(["array", "boolean", "integer", "null", "number", "object", "string"]);

/** Of which kind a value has to be, as the end of a sentence; nothing for values that {@link toSubschemas} leads to. */
const WANTED: Readonly<
  Partial<Record<KeywordShape, readonly [isValid: (value: unknown) => boolean, text: string]>>
> = {
  schemas: [(value) => Array.isArray(value) && value.length > 0, "must be an array with at least one schema"],
  "schema-or-schemas": [
    (value) => !Array.isArray(value) || value.length > 0,
    "must be a schema, or an array with at least one",
  ],
  "schema-map": [isObject, "must be an object"],
  "schema-or-names-map": [isDependencies, "must be an object of schemas and of arrays of different strings"],
  names: [areNames, "must be an array of different strings"],
  "names-map": [
    (value) => isObject(value) && Object.values(value).every(areNames),
    "must be an object of arrays of different strings",
  ],
  types: [areTypes, "must be the name of a type, or an array of different names"],
  list: [Array.isArray, "must be an array"],
  number: [(value) => typeof value === "number", "must be a number"],
  divisor: [(value) => typeof value === "number" && value > 0, "must be a number above 0"],
  count: [(value) => Number.isInteger(value) && Number(value) >= 0, "must be a whole number of at least 0"],
  flag: [(value) => typeof value === "boolean", "must be a boolean"],
  text: [(value) => typeof value === "string", "must be a string"],
  pattern: [(value) => typeof value === "string", "must be a string"],
  reference: [(value) => typeof value === "string", "must be a string"],
  anchor: [
    (value) => typeof value === "string" && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value),
    "must be a name of letters, digits, '-', '.' and '_'",
  ],
  object: [isObject, "must be an object"],
};

function checkValue(keyword: string, value: unknown, path: string): void {
  const [isValid, text] = WANTED[KEYWORDS.get(keyword) ?? "anything"] ?? [];
  if (isValid !== undefined && text !== undefined && !isValid(value)) throw wrong(path, text);
}

function areNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((name) => typeof name === "string") &&
    new Set(value).size === value.length
  );
}

function areTypes(value: unknown): boolean {
  if (!Array.isArray(value)) return TYPES.has(value);
  return value.length > 0 && value.every((name) => TYPES.has(name)) && new Set(value).size === value.length;
}

function isDependencies(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((part) => !Array.isArray(part) || areNames(part));
}

function wrong(path: string, text: string): Error {
  return new Error(`"${shorten(path, MAX_SHOWN_PATH_CHARS)}" ${text}`);
}

const MAX_SHOWN_PATH_CHARS = 200;
