/**
 * The sentence that says what is wrong with a tool's input. It is read by the model that made the call, so it
 * names the field, the value it has and the value that is wanted, and stays short whatever the input was.
 */

/** Problems named in one message; the others are counted. */
export const DEFAULT_MAX_NAMED_ISSUES = 3;
/** Characters of a value shown in a message. */
export const DEFAULT_MAX_SHOWN_CHARS = 80;
/** Alternatives listed in a message. */
export const DEFAULT_MAX_SHOWN_CHOICES = 20;

/** One problem of an input. */
export interface InputIssue {
  /** Where: keys and indexes from the root; empty for the input as a whole. */
  readonly path: readonly (string | number)[];
  /** What, as the end of a sentence whose subject is the path: `is "Q5", expected "Q1"`. */
  readonly text: string;
}

/** Makes the message out of at least one problem. */
export function toInputMessage(toolName: string, issues: readonly InputIssue[]): string {
  const sentences = [...new Set(issues.map(toSentence))];
  const named = sentences.slice(0, DEFAULT_MAX_NAMED_ISSUES);
  const rest = sentences.length - named.length;
  if (rest > 0) named.push(`and ${rest} more ${rest === 1 ? "problem" : "problems"}`);
  return `Input of "${toolName}" is wrong: ${named.join("; ")}`;
}

function toSentence(issue: InputIssue): string {
  const subject = issue.path.length === 0 ? "the input" : `"${toPathText(issue.path)}"`;
  return `${subject} ${issue.text}`;
}

/** A path as people write it: `filters.items[2].name`. */
export function toPathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return shorten(text);
}

/** A value as JSON, cut to a readable length. */
export function toShown(value: unknown): string {
  if (value === undefined) return "undefined";
  if (Array.isArray(value) && value.length > DEFAULT_MAX_SHOWN_CHARS) {
    return `an array of ${value.length} items`;
  }
  try {
    const json: string | undefined = JSON.stringify(value);
    return shorten(json ?? `a ${typeof value}`);
  } catch {
    return `a ${typeof value}`;
  }
}

/** Cuts a text to {@link DEFAULT_MAX_SHOWN_CHARS}. */
export function shorten(text: string, maxChars = DEFAULT_MAX_SHOWN_CHARS): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars - 1).toWellFormed()}…`;
}

/** `expected one of "a", "b"`, or `expected "a"` for one choice. */
export function toExpected(choices: readonly unknown[]): string {
  const shown = choices.slice(0, DEFAULT_MAX_SHOWN_CHOICES).map(toShown);
  const rest = choices.length - shown.length;
  const list = shown.join(", ") + (rest > 0 ? ` … (${choices.length} choices)` : "");
  return choices.length === 1 ? `expected ${list}` : `expected one of ${list}`;
}

/** Names of JSON types as words of a sentence. */
export function toTypeWords(types: string | readonly string[]): string {
  const list = typeof types === "string" ? [types] : types;
  return list.map((type) => TYPE_WORDS[type] ?? type).join(" or ");
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "an integer",
  int: "an integer",
  number: "a number",
  boolean: "true or false",
  array: "an array",
  tuple: "an array",
  object: "an object",
  record: "an object",
  null: "null",
};

/** The value at `path`, or undefined where there is none. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
