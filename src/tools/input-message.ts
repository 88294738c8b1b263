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
/** Characters of a whole message: an input may well be what it quotes. */
export const DEFAULT_MAX_MESSAGE_CHARS = 1_000;

/** One problem of an input. */
export interface InputIssue {
  /** Where: keys and indexes from the root; empty for the input as a whole. */
  readonly path: readonly (string | number)[];
  /** What, as the end of a sentence whose subject is the path: `is "Q5", expected "Q1"`. Left out: it only counts. */
  readonly text?: string;
}

/** Problems that are put into words; of others only the number is told. */
export const DEFAULT_MAX_WORDED_ISSUES = 12;

/** Makes the message out of at least one problem. */
export function toInputMessage(toolName: string, issues: readonly InputIssue[]): string {
  const worded = issues.filter((issue) => issue.text !== undefined);
  const sentences = [...new Set(worded.map(toSentence))];
  const named = sentences.slice(0, DEFAULT_MAX_NAMED_ISSUES);
  const rest = sentences.length - named.length + (issues.length - worded.length);
  if (named.length === 0) named.push(`the input does not fit the schema of the tool`);
  else if (rest > 0) named.push(`and ${rest} more ${rest === 1 ? "problem" : "problems"}`);
  return shorten(`Input of "${toolName}" is wrong: ${named.join("; ")}`, DEFAULT_MAX_MESSAGE_CHARS);
}

function toSentence(issue: InputIssue): string {
  const subject = issue.path.length === 0 ? "the input" : `"${toPathText(issue.path)}"`;
  return `${subject} ${issue.text ?? ""}`;
}

/** A path as people write it: `filters.items[2].name`. */
export function toPathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? shorten(part) : `.${shorten(part)}`;
    if (text.length > DEFAULT_MAX_SHOWN_CHARS) break;
  }
  return shorten(text);
}

/** The keys of objects that have very many, where they are known: to list them takes long. */
export type WideKeys = ReadonlyMap<unknown, readonly string[]>;

/** A value as JSON, cut to a readable length. Takes no longer for a large value than for a small one. */
export function toShown(value: unknown, wide: WideKeys = NOTHING_WIDE): string {
  if (value === undefined) return "undefined";
  if (Array.isArray(value) && value.length > DEFAULT_MAX_SHOWN_CHARS) {
    return `an array of ${value.length} items`;
  }
  try {
    return shorten(toJsonStart(value, wide) ?? `a ${typeof value}`);
  } catch {
    return `a ${typeof value}`;
  }
}

const NOTHING_WIDE: WideKeys = new Map();

/** The JSON text of a value, as far as it is shown. */
function toJsonStart(value: unknown, wide: WideKeys, before = ""): string | undefined {
  if (before.length > DEFAULT_MAX_SHOWN_CHARS) return before;
  if (typeof value === "string") return before + JSON.stringify(value.slice(0, DEFAULT_MAX_SHOWN_CHARS));
  if (typeof value !== "object" || value === null) {
    const json: string | undefined = JSON.stringify(value);
    return json === undefined ? undefined : before + json;
  }
  const isArray = Array.isArray(value);
  let text = before + (isArray ? "[" : "{");
  let separator = "";
  for (const key of wide.get(value) ?? Object.keys(value)) {
    const name = isArray ? "" : `${JSON.stringify(key.slice(0, DEFAULT_MAX_SHOWN_CHARS))}:`;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    const part = toJsonStart(member, wide, text + separator + name);
    if (part === undefined && !isArray) continue;
    text = part ?? `${text}${separator}null`;
    separator = ",";
    if (text.length > DEFAULT_MAX_SHOWN_CHARS) return text;
  }
  return text + (isArray ? "]" : "}");
}

/** Cuts a text to {@link DEFAULT_MAX_SHOWN_CHARS}. */
export function shorten(text: string, maxChars = DEFAULT_MAX_SHOWN_CHARS): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars - 1).toWellFormed()}…`;
}

/** `expected one of "a", "b"`, or `expected "a"` for one choice. */
export function toExpected(choices: readonly unknown[]): string {
  const shown = choices.slice(0, DEFAULT_MAX_SHOWN_CHOICES).map((choice) => toShown(choice));
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
