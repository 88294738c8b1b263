/**
 * What a tool returned, as JSON for the script.
 *
 * Plain data takes one walk and one `JSON.stringify`. Values that JSON would lose without a word are refused with a
 * message that names their place and the remedy; the script gets it as `ToolError`.
 *
 * | value | becomes |
 * |---|---|
 * | undefined, nothing returned | null; dropped as a field, null in an array, as in JSON |
 * | bigint | a number within the safe integers, otherwise refused |
 * | NaN, Infinity | refused: JSON's null would be read as "no value" |
 * | Date, and any object with `toJSON` | what `toJSON` gives (an invalid date: null) |
 * | function, symbol | refused as the result; dropped as a field, null in an array, as in JSON |
 * | Map, Set, typed array, Buffer, iterator, promise, Error | refused, with advice |
 * | object with a class | its own enumerable fields, as in JSON |
 * | cycle, more than {@link DEFAULT_MAX_RESULT_DEPTH} levels | refused |
 */
import { types } from "node:util";
import { toErrorMessage } from "../errors.ts";
import { toPathText } from "./input-message.ts";
import { isLight, type Path, ResultTooLong, writeHeavy } from "./large-result.ts";

/** Levels of a result; Python's JSON reader gives up not far beyond. */
export const DEFAULT_MAX_RESULT_DEPTH = 500;
/** Values in a result. 32 MiB of JSON, the largest frame, cannot hold more. */
export const DEFAULT_MAX_RESULT_NODES = 16_777_216;

/** A value that JSON can carry. */
export type ResultJson =
  | null
  | boolean
  | number
  | string
  | readonly ResultJson[]
  | { readonly [key: string]: ResultJson };

/** JSON text, a large one in parts: it is never joined. */
export type JsonText = string | readonly string[];

/** The result as JSON text, or the reason why it has none. */
export type ResultValue =
  | { readonly ok: true; readonly json: JsonText }
  | { readonly ok: false; readonly message: string };

/** How a result is to be written. */
export interface ResultOptions {
  /** Longest JSON in bytes; a larger result is refused. */
  readonly maxBytes: number;
  /** Text as it is, everything else as a string that holds its JSON: the wire convention. @default false */
  readonly asText?: boolean;
}

interface Walk {
  nodes: number;
}

interface Conversion extends Walk {
  /** Objects that are being converted, outermost first. */
  readonly open: Set<object>;
}

/** Stands for what JSON leaves out. */
const LEFT_OUT = Symbol("left out");

class Refusal extends Error {}

/**
 * Turns what a tool returned into JSON text; a promise for a large value, which takes more than one turn of the loop.
 * Never throws.
 */
export function toResultJson(value: unknown, options: ResultOptions): ResultValue | Promise<ResultValue> {
  try {
    if (!isLight(value, DEFAULT_MAX_RESULT_DEPTH)) return toLargeJson(value, options);
    const json = toLightJson(value, []) ?? "null";
    const isQuoted = options.asText === true && typeof value !== "string";
    return limit(isQuoted ? JSON.stringify(json) : json, options.maxBytes);
  } catch (error) {
    return toRefusal(error, options.maxBytes);
  }
}

async function toLargeJson(
  value: unknown,
  { maxBytes, asText = false }: ResultOptions,
): Promise<ResultValue> {
  try {
    const json = await writeHeavy(value, {
      convert: toLightJson,
      check: refuseLossy,
      refuseCycle,
      maxDepth: DEFAULT_MAX_RESULT_DEPTH,
      maxCharacters: maxBytes,
      isQuoted: asText && typeof value !== "string",
    });
    return limit(json, maxBytes);
  } catch (error) {
    return toRefusal(error, maxBytes);
  }
}

/** Bytes of JSON text as UTF-8. */
export function jsonBytes(json: JsonText): number {
  if (typeof json === "string") return Buffer.byteLength(json);
  return json.reduce((bytes, part) => bytes + Buffer.byteLength(part), 0);
}

function limit(json: JsonText, maxBytes: number): ResultValue {
  if (typeof json === "string" && json.length * 3 <= maxBytes) return { ok: true, json };
  const bytes = jsonBytes(json);
  if (bytes <= maxBytes) return { ok: true, json };
  return { ok: false, message: tooLarge(`"${bytes}" bytes`, maxBytes) };
}

function tooLarge(size: string, maxBytes: number): string {
  return `it is too large: ${size}, at most "${maxBytes}"; ask for less, for example by page or by filter`;
}

function toRefusal(error: unknown, maxBytes: number): ResultValue {
  if (error instanceof Refusal) return { ok: false, message: error.message };
  const isTooLong = error instanceof ResultTooLong;
  const message = isTooLong
    ? tooLarge("more bytes than allowed", maxBytes)
    : `it fails: ${toErrorMessage(error)}`;
  return { ok: false, message };
}

/** The JSON of a value, or undefined when JSON leaves it out. */
function toLightJson(value: unknown, path: Path): string | undefined {
  if (isPlain(value, path.length, { nodes: 0 })) return JSON.stringify(value);
  if (value === undefined) return undefined;
  const converted = convertPart(value, path, { nodes: 0, open: new Set() });
  if (converted !== LEFT_OUT) return JSON.stringify(converted);
  if (path.length > 0) return undefined;
  throw refusal(path, `is a ${typeof value}`, "return data");
}

/** Whether `JSON.stringify` gives `value` as it is meant. Cycles end at the depth limit and count as not plain. */
function isPlain(value: unknown, depth: number, walk: Walk): boolean {
  walk.nodes += 1;
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth > DEFAULT_MAX_RESULT_DEPTH) return false;
  if (walk.nodes > DEFAULT_MAX_RESULT_NODES) return false;
  if (Array.isArray(value)) {
    if ("toJSON" in value) return false;
    for (const item of value) {
      if (!isPlain(item, depth + 1, walk)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return false;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1, walk)) return false;
  }
  return true;
}

function convert(value: unknown, path: Path, state: Conversion): ResultJson {
  const converted = convertPart(value, path, state);
  if (converted === LEFT_OUT) {
    if (path.length > 0) return null;
    throw refusal(path, `is a ${typeof value}`, "return data");
  }
  return converted;
}

function convertPart(value: unknown, path: Path, state: Conversion): ResultJson | typeof LEFT_OUT {
  state.nodes += 1;
  if (state.nodes > DEFAULT_MAX_RESULT_NODES) {
    throw new Refusal(`it has more than ${DEFAULT_MAX_RESULT_NODES} values; return less`);
  }
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw refusal(path, `is ${value}, which JSON does not have`, "return null or a string");
    case "bigint":
      return convertBigInt(value, path);
    case "object":
      return value === null ? null : convertObject(value, path, state);
    default:
      return LEFT_OUT;
  }
}

function convertBigInt(value: bigint, path: Path): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw refusal(path, "is a bigint beyond the safe integers", "return it as a string");
}

function convertObject(value: object, path: Path, state: Conversion): ResultJson | typeof LEFT_OUT {
  if (state.open.has(value)) refuseCycle(path);
  if (path.length > DEFAULT_MAX_RESULT_DEPTH) {
    throw new Refusal(`it is nested deeper than ${DEFAULT_MAX_RESULT_DEPTH} levels; return flatter data`);
  }
  if (types.isBoxedPrimitive(value)) return convertPart(value.valueOf(), path, state);
  state.open.add(value);
  const converted = convertOpen(value, path, state);
  state.open.delete(value);
  return converted;
}

function convertOpen(value: object, path: Path, state: Conversion): ResultJson | typeof LEFT_OUT {
  refuseLossy(value, path);
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const convertible = value as { toJSON(key: string): unknown };
    return convertPart(convertible.toJSON(String(path.at(-1) ?? "")), path, state);
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, index) => convert(item ?? null, [...path, index], state));
  }
  const entries: [string, ResultJson][] = [];
  for (const [key, field] of Object.entries(value)) {
    const converted = convertPart(field, [...path, key], state);
    if (converted !== LEFT_OUT) entries.push([key, converted]);
  }
  return Object.fromEntries(entries);
}

/** Refuses objects that JSON would turn into `{}` or into something nobody wants. */
function refuseLossy(value: object, path: Path): void {
  if (value instanceof Map) throw refusal(path, "is a Map", "return Object.fromEntries(map)");
  if (value instanceof Set) throw refusal(path, "is a Set", "return [...set]");
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw refusal(path, "is binary data", 'return text, or buffer.toString("base64")');
  }
  if (value instanceof Promise) throw refusal(path, "is a promise", "await it first");
  if (value instanceof Error) throw refusal(path, "is an Error", "throw it, or return its message");
  if (Array.isArray(value)) return;
  if (Symbol.iterator in value || Symbol.asyncIterator in value) {
    throw refusal(path, "is an iterator", "collect it in an array");
  }
}

function refuseCycle(path: Path): never {
  throw refusal(path, "refers back to an object that holds it", "return data without cycles");
}

function refusal(path: Path, fact: string, advice: string): Refusal {
  const subject = path.length === 0 ? "it" : `"${toPathText(path)}"`;
  return new Refusal(`${subject} ${fact}; ${advice}`);
}
