/**
 * Text from outside as parts of Python source: docstrings, comments and literals that nothing can break out of.
 */
import { isPythonIdentifier } from "./python-words.ts";

/** Collapses a text to one line that is safe in a comment, cut to `maxChars`. */
export function toCommentText(text: string, maxChars: number): string {
  return cut(
    toPrintable(text.slice(0, maxChars * 4))
      .replaceAll(/\s+/g, " ")
      .trim(),
    maxChars,
  );
}

/** The lines of a docstring: paragraphs kept, blank lines and indentation dropped, cut to `maxChars`. */
export function toDocLines(text: string, maxChars: number): string[] {
  const lines = toPrintable(text.slice(0, maxChars * 4))
    .split("\n")
    .map((line) => line.replaceAll(/[ \t]+/g, " ").trim())
    .filter((line) => line !== "");
  const kept = cut(lines.join("\n"), maxChars);
  return kept === "" ? [] : toDocSafe(kept).split("\n");
}

/** Escapes what would end a docstring or a code fence. */
function toDocSafe(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll(/'{3,}/g, '"""').replace(/'$/, "\\'");
}

/** Unifies line ends and replaces what is invisible, breaks a line in Python, or opens and closes a code fence. */
function toPrintable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g, " ")
    .replaceAll("```", '"""');
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const part = text.slice(0, maxChars - 1);
  const end = part.search(/\s\S*$/);
  return `${(end > maxChars / 2 ? part.slice(0, end) : part).toWellFormed()}…`;
}

/** A JSON value as a Python literal, or undefined when it is longer than `maxChars`. Stops where it is. */
export function toPythonLiteral(value: unknown, maxChars: number): string | undefined {
  if (typeof value === "string" && value.length > maxChars) return undefined;
  const writer = new LiteralWriter(maxChars);
  writer.write(value, 0);
  return writer.text.length <= maxChars ? writer.text : undefined;
}

const DEFAULT_MAX_LITERAL_DEPTH = 8;

class LiteralWriter {
  text = "";
  readonly #maxChars: number;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  write(value: unknown, depth: number): void {
    if (depth > DEFAULT_MAX_LITERAL_DEPTH) this.text += "...";
    else if (typeof value === "string") this.#writeString(value);
    else if (Array.isArray(value)) this.#writeItems(value, depth);
    else if (typeof value === "object" && value !== null) this.#writeMembers(value, depth);
    else this.text += toScalarLiteral(value);
  }

  #writeItems(items: readonly unknown[], depth: number): void {
    let separator = "[";
    for (const item of items) {
      this.text += separator;
      this.write(item, depth + 1);
      separator = ", ";
      if (this.text.length > this.#maxChars) return;
    }
    this.text += separator === "[" ? "[]" : "]";
  }

  #writeMembers(members: object, depth: number): void {
    let separator = "{";
    for (const [key, value] of Object.entries(members)) {
      this.text += separator;
      this.#writeString(key);
      this.text += ": ";
      this.write(value, depth + 1);
      separator = ", ";
      if (this.text.length > this.#maxChars) return;
    }
    this.text += separator === "{" ? "{}" : "}";
  }

  /** A part of a string that is too long is enough to be too long. */
  #writeString(text: string): void {
    this.text += toPythonString(text.slice(0, this.#maxChars + 1));
  }
}

function toScalarLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "None";
  return "...";
}

/**
 * A string as a Python literal. JSON's escapes are Python's, too; a code fence or an odd character is escaped. The
 * quotes are single because the text travels inside JSON, where each double quote costs an escape.
 */
export function toPythonString(text: string): string {
  const body = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/\\.|'/g, (part) => QUOTES[part] ?? part)
    .replaceAll(
      /[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .replaceAll("```", "\\x60``");
  return `'${body}'`;
}

const QUOTES: Readonly<Record<string, string>> = { '\\"': '"', "'": "\\'" };

/** Words of any text as a class name: `team-members` → `TeamMembers`. */
export function toPascalCase(text: string): string {
  const words = text.slice(0, 60).split(/[^A-Za-z0-9]+/);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return isPythonIdentifier(name) ? name : `Shape${name}`;
}

/** One of what a plural names: `Expenses` → `Expense`. A word that is no plural stays. */
export function toSingular(name: string): string {
  if (/(us|ss|is)$/.test(name)) return name;
  if (name.endsWith("ies")) return `${name.slice(0, -3)}y`;
  return name.replace(/(?<=[a-z])s$/, "");
}
