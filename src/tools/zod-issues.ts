/**
 * Turns Zod's issues into {@link InputIssue}s. A message that the tool's author wrote is kept word for word; Zod's
 * own messages are replaced by ours, which show the value.
 */
import * as z from "zod";
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

type Issue = z.core.$ZodIssue;
const english = z.locales.en().localeError;

/** Characters of a message that is not ours. */
const MAX_FOREIGN_CHARS = 300;

/** Reads the issues that Zod found in `input`: the first few in words. */
export function toZodIssues(issues: readonly Issue[], input: unknown, wide: WideKeys): InputIssue[] {
  const reader = new IssueReader(input, wide);
  for (const issue of issues) reader.read(issue, []);
  return reader.found;
}

/** Puts issues into words, as long as they are few; of the others it keeps the path. */
class IssueReader {
  readonly found: InputIssue[] = [];
  readonly #input: unknown;
  readonly #show: (value: unknown) => string;

  constructor(input: unknown, wide: WideKeys) {
    this.#input = input;
    this.#show = (value) => toShown(value, wide);
  }

  read(issue: Issue, base: readonly PropertyKey[]): void {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.#add([...path, key], () => "is not a known field");
      return;
    }
    const meant = issue.code === "invalid_union" ? toMeantBranch(issue) : undefined;
    if (meant === undefined) this.#add(path, () => toText(issue, valueAt(this.#input, path), this.#show));
    else for (const inner of meant) this.read(inner, path);
  }

  #add(path: readonly PropertyKey[], toWords: () => string): void {
    const isWorded = this.found.length < DEFAULT_MAX_WORDED_ISSUES;
    this.found.push(isWorded ? { path: toPath(path), text: toWords() } : { path: toPath(path) });
  }
}

/** The branch of a union whose outside was right, when there is exactly one. */
function toMeantBranch(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const inside = issue.errors.filter((branch) => branch.every((inner) => inner.path.length > 0));
  return inside.length === 1 ? inside[0] : undefined;
}

function toText(issue: Issue, value: unknown, show: (value: unknown) => string): string {
  if (value === undefined && issue.code !== "custom") return "is missing";
  const shown = `is ${show(value)}`;
  if (isAuthored(issue)) return `${shown}: ${shorten(issue.message, MAX_FOREIGN_CHARS)}`;
  return `${shown}, ${toWanted(issue)}`;
}

/** Whether the message was written by the tool's author. */
function isAuthored(issue: Issue): boolean {
  const own = english(issue as z.core.$ZodRawIssue);
  const message = typeof own === "string" ? own : own?.message;
  // Zod's message for a wrong type names the type that came in, which the finished issue no longer carries.
  return issue.code === "custom" || (issue.message !== message && !issue.message.startsWith("Invalid "));
}

function toWanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${toTypeWords(issue.expected)}`;
    case "invalid_value":
      return toExpected(issue.values);
    case "too_small":
      return `expected ${toLimit(issue.origin, ">", issue.minimum, issue.inclusive)}`;
    case "too_big":
      return `expected ${toLimit(issue.origin, "<", issue.maximum, issue.inclusive)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.pattern === undefined || issue.format !== "regex"
        ? `expected the format ${toShown(issue.format)}`
        : `expected to match ${toShown(issue.pattern)}`;
    case "invalid_union":
      return `expected ${toUnionWords(issue)}`;
    default:
      return `which is refused: ${shorten(issue.message, MAX_FOREIGN_CHARS)}`;
  }
}

const UNITS: Readonly<Record<string, string>> = { string: "character", array: "item", set: "item" };

function toLimit(origin: string, comparison: string, limit: number | bigint, inclusive = true): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `${comparison}${inclusive ? "=" : ""} ${limit}`;
  const words = comparison === ">" ? "at least" : "at most";
  return `${words} ${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
}

/** The alternatives of a union, each by its type or its values. */
function toUnionWords(issue: z.core.$ZodIssueInvalidUnion): string {
  const words = issue.errors.flat().map((inner) => {
    if (inner.code === "invalid_type") return toTypeWords(inner.expected);
    if (inner.code === "invalid_value") return inner.values.map((value) => toShown(value)).join(" or ");
    return "another shape";
  });
  return [...new Set(words)].slice(0, 8).join(" or ") || "another shape";
}

function toPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((key) => (typeof key === "number" ? key : String(key)));
}
