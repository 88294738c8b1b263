/**
 * Shapes of JSON values, checked without a copy: a check stops at the first problem, and says it as the Messages API
 * does, for clients match on these texts.
 *
 * Guarantee: a check looks at the members that the shape names and at nothing else, whatever the value holds beside them.
 */

/** What is wrong with a value. */
export interface Problem {
  /** Where, from the value that was checked on. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Checks a value. */
export type Shape = (value: unknown) => Problem | undefined;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Any value that is there. */
export const anything: Shape = () => undefined;

/** A string. */
export function text(options: { minLength?: number; maxLength?: number; pattern?: RegExp } = {}): Shape {
  const { minLength = 0, maxLength = Infinity, pattern } = options;
  return (value) => {
    if (typeof value !== "string") return wanted(value, "a valid string");
    if (value.length < minLength) return here(`String should have at least ${count(minLength)}`);
    if (value.length > maxLength) return here(`String should have at most ${count(maxLength)}`);
    const fits = pattern === undefined || pattern.test(value);
    return fits ? undefined : here(`String should match pattern '${pattern.source}'`);
  };
}

/** A whole number. */
export function whole({ min = Number.MIN_SAFE_INTEGER }: { min?: number } = {}): Shape {
  return (value) => {
    if (typeof value !== "number" || !Number.isInteger(value)) return wanted(value, "a valid integer");
    if (value < min) return here(`Input should be greater than or equal to ${min}`);
    return value <= Number.MAX_SAFE_INTEGER
      ? undefined
      : here(`Input should be less than or equal to ${Number.MAX_SAFE_INTEGER}`);
  };
}

/** True or false. */
export const flag: Shape = (value) =>
  typeof value === "boolean" ? undefined : wanted(value, "a valid boolean");

/** One of some strings. */
export function oneOf(...values: readonly string[]): Shape {
  const shown = values.map((value) => `'${value}'`);
  const last = shown.at(-1) ?? "";
  const choices = shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} or ${last}`;
  return (value) => (values.includes(value as string) ? undefined : wanted(value, choices));
}

/** An array, whatever is in it. */
export const list: Shape = (value) => (Array.isArray(value) ? undefined : wanted(value, "a valid list"));

/** A short array of things of one shape. */
export function shortList(item: Shape, { min = 0, max }: { min?: number; max: number }): Shape {
  return (value) => {
    if (!Array.isArray(value)) return wanted(value, "a valid list");
    if (value.length < min) return here(`List should have at least ${count(min, "item")} after validation`);
    if (value.length > max) return here(`List should have at most ${count(max, "item")} after validation`);
    for (const [at, one] of value.entries()) {
      const problem = item(one);
      if (problem !== undefined) return inside(at, problem);
    }
    return undefined;
  };
}

/** An object with members of these shapes, and any others. */
export function dictionary(members: Readonly<Record<string, Shape>> = {}): Shape {
  const entries = Object.entries(members);
  return (value) => {
    if (!isObject(value)) return wanted(value, "a valid dictionary");
    for (const [name, shape] of entries) {
      const problem = shape(ownValue(value, name));
      if (problem !== undefined) return inside(name, problem);
    }
    return undefined;
  };
}

/** What may be left out, or null. */
export function optional(shape: Shape): Shape {
  return (value) => (value === undefined || value === null ? undefined : shape(value));
}

/** A string, or else the other shape. */
export function textOr(shape: Shape): Shape {
  return (value) => (typeof value === "string" ? undefined : shape(value));
}

/** An object whose shape follows from its `type`. */
export function byType(shapes: Readonly<Record<string, Shape>>): Shape {
  const type = dictionary({ type: oneOf(...Object.keys(shapes)) });
  return (value) => type(value) ?? shapes[String((value as JsonObject)["type"])]?.(value);
}

/** The problem as `path: text`. `prefix` is the path of the value that was checked. */
export function toProblemText({ path, text: what }: Problem, prefix = ""): string {
  const full = [...(prefix === "" ? [] : [prefix]), ...path].join(".");
  return full === "" ? what : `${full}: ${what}`;
}

/** The problem of a value, as one of what it stands in. */
export function inside(name: string | number, { path, text: what }: Problem): Problem {
  return { path: [name, ...path], text: what };
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of the object itself, not of every object. */
export function ownValue(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function wanted(value: unknown, what: string): Problem {
  return here(value === undefined ? "Field required" : `Input should be ${what}`);
}

function here(what: string): Problem {
  return { path: [], text: what };
}

function count(number: number, noun = "character"): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
