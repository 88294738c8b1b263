/**
 * Whether a JSON Schema is one: each keyword has a value of its kind, patterns can be read, local references lead
 * somewhere. One pass over the document, without compiling it; what depends on identifiers of parts is left to the compiler.
 */
import { shorten } from "../input-message.ts";
import type { JsonSchema } from "../tool.ts";
import { isObject, KEYWORDS, type KeywordShape, NAMING_KEYWORDS, toSubschemas } from "./keywords.ts";
import { toRegExp } from "./pattern.ts";
import { followPointer } from "./pointer.ts";

/** What a pass over the document found out. */
export interface DocumentFacts {
  /** Only the compiler can tell whether the schema is valid. */
  readonly isRare: boolean;
  /** A reference leads to something that no known keyword says is a schema. */
  readonly hasOddReference: boolean;
}

/** @throws {Error} with the reason, when the document is no valid schema */
export function checkDocument(root: JsonSchema): DocumentFacts {
  return new DocumentCheck(root).run();
}

class DocumentCheck {
  readonly #root: JsonSchema;
  readonly #schemas = new Set<unknown>();
  readonly #references: { readonly schema: JsonSchema; readonly reference: string }[] = [];
  /** Some part has a name. */
  #hasNames = false;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  run(): DocumentFacts {
    this.#visit(this.#root, "");
    const isForeign = this.#references.some(({ reference }) => !reference.startsWith("#"));
    const isRare = this.#hasNames || (isForeign && this.#root["$id"] !== undefined);
    if (isRare) return { isRare, hasOddReference: this.#references.length > 0 };
    const known = new References(this.#root);
    const targets = this.#references.map((one) => known.resolve(one.schema, one.reference));
    return { isRare, hasOddReference: targets.some((target) => this.#isOdd(target)) };
  }

  #visit(schema: unknown, path: string): void {
    if (typeof schema === "boolean") return;
    if (!isObject(schema)) throw wrong(path, "must be an object or a boolean");
    this.#schemas.add(schema);
    checkNullable(schema, path);
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${path}/${shorten(keyword, MAX_SHOWN_KEY_CHARS)}`;
      this.#checkKeyword(schema, keyword, value, at);
      for (const [key, part] of toSubschemas(keyword, value)) {
        this.#visit(part, key === undefined ? at : `${at}/${shorten(key, MAX_SHOWN_KEY_CHARS)}`);
      }
    }
  }

  #checkKeyword(schema: JsonSchema, keyword: string, value: unknown, at: string): void {
    const shape = KEYWORDS.get(keyword);
    if (shape !== undefined) checkValue(shape, value, at);
    if (keyword === "patternProperties") checkPatterns(value, at);
    if (keyword === "$async") throw new Error('the keyword "$async" is not supported');
    if (keyword === "$ref") this.#references.push({ schema, reference: String(value) });
    this.#hasNames ||= NAMING_KEYWORDS.has(keyword) || (keyword === "$id" && schema !== this.#root);
  }

  #isOdd(target: unknown): boolean {
    return typeof target !== "boolean" && !this.#schemas.has(target);
  }
}

/** `nullable` is no keyword of JSON Schema, but many schemas that came from OpenAPI have it, and the compiler heeds it. */
function checkNullable({ nullable, type }: JsonSchema, path: string): void {
  if (nullable === undefined) return;
  const hasNull = type === "null" || (Array.isArray(type) && type.includes("null"));
  if (type === undefined) throw wrong(path, 'has "nullable", which cannot be used without "type"');
  if (hasNull && nullable === false) throw wrong(path, 'has the type "null" and "nullable" is false');
}

const MAX_SHOWN_KEY_CHARS = 60;

/** Where references lead, each through others, none in a circle. */
class References {
  readonly #root: JsonSchema;
  /** Schemas whose references come to an end. */
  readonly #ending = new Set<unknown>();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** @throws {Error} when it leads nowhere, or back to itself */
  resolve(from: JsonSchema, reference: string): unknown {
    const chain = new Set<unknown>([from]);
    const first = find(reference, this.#root);
    let target = first;
    while (isObject(target) && typeof target["$ref"] === "string" && !this.#ending.has(target)) {
      if (chain.has(target)) throw new Error("a reference leads to itself");
      chain.add(target);
      target = find(target["$ref"], this.#root);
    }
    for (const schema of chain) this.#ending.add(schema);
    return first;
  }
}

function find(reference: string, root: JsonSchema): unknown {
  const target = followPointer(reference, root);
  if (isObject(target) || typeof target === "boolean") return target;
  throw new Error(`can't resolve reference ${shorten(reference, MAX_SHOWN_KEY_CHARS)} from id #`);
}

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

function checkValue(shape: KeywordShape, value: unknown, path: string): void {
  const [isValid, text] = WANTED[shape] ?? [];
  if (isValid !== undefined && text !== undefined && !isValid(value)) throw wrong(path, text);
  if (shape === "pattern") checkPattern(value as string, path);
}

function checkPatterns(value: unknown, path: string): void {
  for (const pattern of Object.keys(value as object)) checkPattern(pattern, path);
}

function checkPattern(pattern: string, path: string): void {
  try {
    toRegExp(pattern);
  } catch {
    throw wrong(path, `must be a regular expression, is ${JSON.stringify(shorten(pattern))}`);
  }
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
