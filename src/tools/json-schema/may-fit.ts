/**
 * Whether a value can fit a schema, told at a glance: `false` only where it surely does not. It is for values that a schema
 * carries itself, such as its defaults, which nothing makes fit.
 */
import { isObject } from "./keywords.ts";
import { followPointer } from "./pointer.ts";

/** Schemas that are looked at for one value. */
const MAX_LOOKS = 100;
/** Values of one `enum` that are looked at. */
const MAX_VALUES = 100;

/** @param root The document that references lead into. */
export function mayFit(schema: unknown, value: unknown, root: unknown): boolean {
  return new Glance(value, root).allows(schema);
}

class Glance {
  readonly #value: unknown;
  readonly #root: unknown;
  #left = MAX_LOOKS;

  constructor(value: unknown, root: unknown) {
    this.#value = value;
    this.#root = root;
  }

  allows(schema: unknown): boolean {
    this.#left -= 1;
    if (schema === false) return false;
    if (this.#left < 0 || !isObject(schema)) return true;
    const { $ref, allOf, anyOf, oneOf } = schema;
    const target = followPointer($ref, this.#root);
    return (
      this.#fitsItself(schema) &&
      (target === undefined || this.allows(target)) &&
      toList(allOf).every((part) => this.allows(part)) &&
      [anyOf, oneOf].every((choice) => this.#fitsChoice(toList(choice)))
    );
  }

  #fitsChoice(branches: readonly unknown[]): boolean {
    return branches.length === 0 || branches.some((branch) => this.allows(branch));
  }

  #fitsItself(schema: Readonly<Record<string, unknown>>): boolean {
    const { type, nullable, enum: values, const: only, required } = schema;
    const value = this.#value;
    if (type !== undefined && !(value === null && nullable === true)) {
      if (![type].flat().some((name) => hasType(value, name))) return false;
    }
    if ("const" in schema && !maybeSame(value, only)) return false;
    if (Array.isArray(values) && values.length <= MAX_VALUES) {
      if (!values.some((one) => maybeSame(value, one))) return false;
    }
    return !isObject(value) || toList(required).every((key) => Object.hasOwn(value, String(key)));
  }
}

/** Whether two values are the same; objects and arrays may always be. */
function maybeSame(first: unknown, second: unknown): boolean {
  if (typeof first === "object" && first !== null) return typeof second === "object" && second !== null;
  return first === second;
}

function hasType(value: unknown, name: unknown): boolean {
  switch (name) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === name;
  }
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]).slice(0, MAX_LOOKS) : [];
}
