/**
 * The schemas of a document that are used: those that the root holds, and those that it refers to. Definitions that nobody
 * refers to may hold what cannot be used.
 */
import { shorten } from "../input-message.ts";
import type { JsonSchema } from "../tool.ts";
import { isObject, toSubschemas } from "./keywords.ts";
import { toRegExp } from "./pattern.ts";
import { followPointer } from "./pointer.ts";

/** Keywords that keep schemas for others to refer to. */
const DEFINITIONS = new Set(["$defs", "contentSchema", "definitions"]);

/** Walks through what is used. */
export class UsedSchemas {
  readonly #root: JsonSchema;
  readonly #seen = new Set<unknown>();
  readonly #open: unknown[];
  readonly #targets: unknown[] = [];
  /** Schemas whose references come to an end. */
  readonly #ending = new Set<unknown>();

  constructor(root: JsonSchema) {
    this.#root = root;
    this.#open = [root];
  }

  /**
   * Checks all that is used.
   *
   * @returns where references lead
   * @throws {Error} with the reason, when something cannot be used
   */
  check(): readonly unknown[] {
    for (let schema = this.#open.pop(); schema !== undefined; schema = this.#open.pop()) {
      if (!isObject(schema) || this.#seen.has(schema)) continue;
      this.#seen.add(schema);
      this.#checkSchema(schema);
      for (const [keyword, value] of Object.entries(schema)) {
        if (DEFINITIONS.has(keyword)) continue;
        for (const [, part] of toSubschemas(keyword, value)) this.#open.push(part);
      }
    }
    return this.#targets;
  }

  #checkSchema(schema: JsonSchema): void {
    checkNullable(schema);
    const { $ref, $async, pattern, patternProperties, enum: values } = schema;
    if ($async === true) throw new Error('the keyword "$async" is not supported');
    if (Array.isArray(values) && values.length === 0) {
      throw new Error('an "enum" must have at least one value');
    }
    if (typeof pattern === "string") checkPattern(pattern);
    if (isObject(patternProperties)) for (const each of Object.keys(patternProperties)) checkPattern(each);
    if (typeof $ref !== "string") return;
    const target = this.#resolve(schema, $ref);
    this.#targets.push(target);
    this.#open.push(target);
  }

  /** Where a reference leads; what it leads to may be one, too. @throws {Error} when it leads nowhere, or back to itself */
  #resolve(from: JsonSchema, reference: string): unknown {
    const chain = new Set<unknown>([from]);
    const first = this.#find(reference);
    let target = first;
    while (isObject(target) && typeof target["$ref"] === "string" && !this.#ending.has(target)) {
      if (chain.has(target)) throw new Error("a reference leads to itself");
      chain.add(target);
      target = this.#find(target["$ref"]);
    }
    for (const schema of chain) this.#ending.add(schema);
    return first;
  }

  #find(reference: string): unknown {
    const target = followPointer(reference, this.#root);
    if (isObject(target) || typeof target === "boolean") return target;
    throw new Error(`can't resolve reference ${shorten(reference)} from id #`);
  }
}

/** `nullable` is no keyword of JSON Schema, but many schemas that came from OpenAPI have it, and the compiler heeds it. */
function checkNullable({ nullable, type }: JsonSchema): void {
  if (nullable === undefined) return;
  const hasNull = type === "null" || (Array.isArray(type) && type.includes("null"));
  if (type === undefined) throw new Error('"nullable" cannot be used without "type"');
  if (hasNull && nullable === false) throw new Error('the type "null" contradicts "nullable": false');
}

function checkPattern(pattern: string): void {
  try {
    toRegExp(pattern);
  } catch {
    throw new Error(`${JSON.stringify(shorten(pattern))} is not a regular expression`);
  }
}
