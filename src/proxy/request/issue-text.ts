/**
 * Says what is wrong with a request as the Messages API does: the path with dots, then a sentence.
 *
 * Clients match on these texts, so they follow the wording of the API and not that of the schema library.
 */
import type * as z from "zod";

type Issue = z.core.$ZodIssue;

/** The first problem as `path: text`. `prefix` is the path of the value that was checked. */
export function toIssueText(error: z.core.$ZodError, value: unknown, prefix: string): string {
  const [first] = error.issues;
  if (first === undefined) return `${prefix}: Input is not valid`;
  const issue = innermost(first);
  const path = [...(prefix === "" ? [] : [prefix]), ...issue.path.map(String)].join(".");
  return path === "" ? toText(issue, value) : `${path}: ${toText(issue, value)}`;
}

/** Of a union, the problem in the branch that the value was meant for: the one whose root fits. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const branches = issue.errors.map(([first]) => first).filter((first) => first !== undefined);
  const meant = branches.find((first) => first.path.length > 0) ?? branches.at(-1);
  if (meant === undefined) return issue;
  const path = [...issue.path, ...meant.path];
  return innermost({ ...meant, path });
}

/** Every number that the schemas ask for is a whole one. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a valid string",
  number: "a valid integer",
  int: "a valid integer",
  boolean: "a valid boolean",
  array: "a valid list",
  object: "a valid dictionary",
  record: "a valid dictionary",
};

function toText(issue: Issue, root: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return valueAt(root, issue.path) === undefined
        ? "Field required"
        : `Input should be ${TYPE_NAMES[issue.expected] ?? `a valid ${issue.expected}`}`;
    case "invalid_value":
      return valueAt(root, issue.path) === undefined
        ? "Field required"
        : `Input should be ${toChoices(issue.values)}`;
    case "too_small":
      return isSized(issue.origin)
        ? `${toSized(issue.origin)} at least ${toAmount(issue.origin, issue.minimum)}`
        : `Input should be greater than or equal to ${issue.minimum}`;
    case "too_big":
      return isSized(issue.origin)
        ? `${toSized(issue.origin)} at most ${toAmount(issue.origin, issue.maximum)}`
        : `Input should be less than or equal to ${issue.maximum}`;
    case "invalid_format":
      return `String should match pattern '${"pattern" in issue ? toPattern(issue.pattern) : issue.format}'`;
    default:
      return issue.message;
  }
}

function isSized(origin: string): boolean {
  return origin === "string" || origin === "array";
}

function toSized(origin: string): string {
  return origin === "string" ? "String should have" : "List should have";
}

function toAmount(origin: string, count: number | bigint): string {
  const noun = origin === "string" ? "character" : "item";
  return `${count} ${noun}${Number(count) === 1 ? "" : "s"}${origin === "array" ? " after validation" : ""}`;
}

function toPattern(pattern: unknown): string {
  return String(pattern).replace(/^\/(.*)\/[a-z]*$/, "$1");
}

function toChoices(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} or ${last}`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
