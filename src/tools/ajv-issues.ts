/**
 * Turns Ajv's errors into {@link InputIssue}s. Ajv reports every branch of a union apart; people want to hear of
 * the union once, or of the one branch that was meant.
 */
import type { ErrorObject } from "ajv";
import {
  DEFAULT_MAX_WORDED_ISSUES,
  type InputIssue,
  shorten,
  toExpected,
  toShown,
  toTypeWords,
  valueAt,
  type WideKeys,
} from "./input-message.ts";

/** Characters of a reason that has no words of ours. */
const MAX_REASON_CHARS = 200;

type Path = readonly (string | number)[];
type ToText = (params: Readonly<Record<string, unknown>>, shown: string, schema: unknown) => string;

/** Reads the errors that Ajv left for `input`. They must have been made with the option `verbose`. */
export function toAjvIssues(errors: readonly ErrorObject[], input: unknown, wide?: WideKeys): InputIssue[] {
  const kept: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword === "anyOf" || (error.keyword === "oneOf" && isUnmatched(error))) {
      const branches = takeBranches(kept, error);
      kept.push(...(toMeantBranch(branches, error) ?? [error]));
    } else if (!REPEATED_KEYWORDS.has(error.keyword)) {
      kept.push(error);
    }
  }
  const show = (value: unknown): string => toShown(value, wide);
  return (kept.length > 0 ? kept : errors).map((error, at) =>
    at < DEFAULT_MAX_WORDED_ISSUES
      ? toIssue(error, input, show)
      : { path: toPath(error.instancePath, input) },
  );
}

/** `if` only says that `then` or `else` failed, which is reported by itself. */
const REPEATED_KEYWORDS = new Set(["if", "propertyNames"]);

function isUnmatched(error: ErrorObject): boolean {
  return error.params["passingSchemas"] === null;
}

/** Removes the errors of a union's branches, which stand directly before the union's own error. */
function takeBranches(kept: ErrorObject[], union: ErrorObject): ErrorObject[] {
  let start = kept.length;
  while (start > 0 && kept[start - 1]?.instancePath.startsWith(union.instancePath) === true) {
    start -= 1;
  }
  return kept.splice(start);
}

/** The errors of the branch that fits best: those further inside, when the outside was right. */
function toMeantBranch(branches: ErrorObject[], union: ErrorObject): ErrorObject[] | undefined {
  const isOutside = (error: ErrorObject): boolean =>
    error.instancePath === union.instancePath &&
    (error.keyword === "type" || error.keyword === "const" || error.keyword === "enum");
  const inside = branches.filter((error) => !isOutside(error));
  return inside.length > 0 && typeof union.data === "object" && union.data !== null ? inside : undefined;
}

function toIssue(error: ErrorObject, input: unknown, show: (value: unknown) => string): InputIssue {
  const path = toPath(error.instancePath, input);
  const { params } = error;
  if (error.keyword === "required") {
    return { path: [...path, String(params["missingProperty"])], text: "is missing" };
  }
  if (error.keyword === "additionalProperties" || error.keyword === "unevaluatedProperties") {
    const key: unknown = params["additionalProperty"] ?? params["unevaluatedProperty"];
    return { path: [...path, String(key)], text: toUnknownText(error.parentSchema) };
  }
  if (error.propertyName !== undefined) return { path, text: toNameText(error) };
  const toText = TEXTS[error.keyword];
  const shown = show(valueAt(input, path));
  return {
    path,
    text:
      toText?.(params, shown, error.schema) ??
      `is ${shown}, which ${shorten(error.message ?? "fails", MAX_REASON_CHARS)}`,
  };
}

/** The end of the sentence about a key that does not fit what keys have to fit. */
function toNameText({ keyword, propertyName, params, schema, message = "fails" }: ErrorObject): string {
  const shown = toShown(propertyName);
  const text = TEXTS[keyword]?.(params, shown, schema);
  return `has the key ${shown}, which ${text ?? shorten(message, MAX_REASON_CHARS)}`;
}

/** The end of the sentence about a key that the schema does not allow. */
function toUnknownText(parent: Readonly<Record<string, unknown>> | undefined): string {
  const known = Object.keys((parent?.["properties"] as object | undefined) ?? {});
  return known.length === 0 ? "is not a known field" : `is not a known field, ${toExpected(known)}`;
}

const TEXTS: Readonly<Record<string, ToText>> = {
  type: (params, shown) =>
    `is ${shown}, expected ${toTypeWords(params["type"] as string | readonly string[])}`,
  enum: (params, shown) => `is ${shown}, ${toExpected(params["allowedValues"] as unknown[])}`,
  const: (params, shown) => `is ${shown}, ${toExpected([params["allowedValue"]])}`,
  anyOf: (_params, shown, schema) => `is ${shown}, expected ${toUnionWords(schema)}`,
  oneOf: (params, shown, schema) =>
    params["passingSchemas"] === null
      ? `is ${shown}, expected ${toUnionWords(schema)}`
      : `is ${shown}, which fits more than one of the allowed shapes`,
  minimum: toLimitText,
  maximum: toLimitText,
  exclusiveMinimum: toLimitText,
  exclusiveMaximum: toLimitText,
  multipleOf: (params, shown) => `is ${shown}, expected a multiple of ${toShown(params["multipleOf"])}`,
  minLength: (params, shown) => `is ${shown}, expected at least ${toCount(params, "character")}`,
  maxLength: (params, shown) => `is ${shown}, expected at most ${toCount(params, "character")}`,
  minItems: (params, shown) => `is ${shown}, expected at least ${toCount(params, "item")}`,
  maxItems: (params, shown) => `is ${shown}, expected at most ${toCount(params, "item")}`,
  minProperties: (params, shown) => `is ${shown}, expected at least ${toCount(params, "field")}`,
  maxProperties: (params, shown) => `is ${shown}, expected at most ${toCount(params, "field")}`,
  pattern: (params, shown) => `is ${shown}, expected to match ${toShown(params["pattern"])}`,
  format: (params, shown) => `is ${shown}, expected the format ${toShown(params["format"])}`,
  uniqueItems: (_params, shown) => `is ${shown}, expected items that differ from each other`,
};

function toLimitText(params: Readonly<Record<string, unknown>>, shown: string): string {
  return `is ${shown}, expected ${String(params["comparison"])} ${toShown(params["limit"])}`;
}

function toCount(params: Readonly<Record<string, unknown>>, word: string): string {
  const limit = Number(params["limit"]);
  return `${limit} ${word}${limit === 1 ? "" : "s"}`;
}

/** The alternatives of a union, each by its type or its values. */
function toUnionWords(schema: unknown): string {
  const words = (Array.isArray(schema) ? (schema as unknown[]) : []).map(toBranchWords);
  return [...new Set(words)].slice(0, 8).join(" or ") || "another shape";
}

function toBranchWords(branch: unknown): string {
  if (typeof branch !== "object" || branch === null) return "another shape";
  const schema = branch as Readonly<Record<string, unknown>>;
  if ("const" in schema) return toShown(schema["const"]);
  if (Array.isArray(schema["enum"])) return toExpected(schema["enum"]).slice("expected ".length);
  const type = schema["type"];
  return typeof type === "string" || Array.isArray(type)
    ? toTypeWords(type as string | readonly string[])
    : "another shape";
}

/** A JSON pointer as keys and indexes; a number is an index only where the value is an array. */
function toPath(pointer: string, root: unknown): Path {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const key = Array.isArray(value) ? Number(name) : name;
      value = valueAt(value, [key]);
      return key;
    });
}
