/**
 * The text of one signature, once its types are known: on one line while it has no comments, one parameter a line
 * otherwise.
 */
import { wasSeenWide } from "./input-size.ts";
import type { ShapeField } from "./python-shapes.ts";
import { toComment, toEntry, toEntryLines, toFieldNote } from "./python-shapes.ts";
import { toDocLines, toPythonLiteral, toPythonString } from "./python-text.ts";

/** Characters of the example in a docstring; a longer one is left out. */
export const DEFAULT_MAX_EXAMPLE_CHARS = 200;

/** How a tool takes its input. */
export type SignatureInput =
  | {
      /** `keywords`: `f(*, a: int)`. `dict`: one dict with these fields. */
      readonly kind: "keywords" | "dict";
      readonly fields: readonly ShapeField[];
      /** Further fields may be given. */
      readonly isOpen: boolean;
      /** Their type, when it is known. */
      readonly othersType: string | undefined;
    }
  | {
      /** One dict of a type that is no plain list of fields. */
      readonly kind: "type";
      readonly type: string;
    };

/** A signature in parts. */
export interface SignatureParts {
  readonly python: string;
  readonly input: SignatureInput;
  readonly result: string;
  /** Comment at the result: what its text holds. */
  readonly resultNote: string;
  readonly doc: readonly string[];
}

/** Writes the signature, with its docstring for a body. */
export function toSignatureText(parts: SignatureParts): string {
  const { python, input, result, resultNote, doc } = parts;
  const head = `async def ${python}(${toParameterText(input)}) -> ${result}:`;
  if (doc.length === 0) return `${head} ...${toComment(resultNote)}`;
  return `${head}${toComment(resultNote)}\n    '''${doc.join("\n    ")}'''`;
}

function toParameterText(input: SignatureInput): string {
  if (input.kind === "type") return `input: ${input.type}, /`;
  return input.kind === "dict" ? toDictText(input) : toKeywordText(input);
}

type Fields = Exclude<SignatureInput, { kind: "type" }>;

function toDictText({ fields, isOpen, othersType }: Fields): string {
  const open = isOpen ? `other keys: ${othersType ?? "any"}` : "";
  if (open === "" && fields.every((field) => toFieldNote(field) === "")) {
    return `input: {${fields.map((field) => toEntry(field)).join(", ")}}, /`;
  }
  const lines = open === "" ? toEntryLines(fields) : [...toEntryLines(fields), `    # ${open}`];
  return ["input: {", ...lines, "}, /"].join("\n");
}

function toKeywordText({ fields, isOpen, othersType }: Fields): string {
  const texts = fields.map(toKeyword);
  const others = isOpen ? [`**${toFreeName(fields)}: ${othersType ?? "Any"}`] : [];
  if (fields.every((field) => field.note === "")) {
    return fields.length === 0 ? others.join("") : ["*", ...texts, ...others].join(", ");
  }
  const lines = fields.map((field, index) => `    ${texts[index]},${toComment(field.note)}`);
  return ["*,", ...lines, ...others.map((text) => `    ${text},`), ""].join("\n");
}

function toKeyword({ name, type, isRequired, defaultText }: ShapeField): string {
  return isRequired ? `${name}: ${type}` : `${name}: ${type} = ${defaultText ?? "None"}`;
}

function toFreeName(fields: readonly ShapeField[]): string {
  const names = new Set(fields.map((field) => field.name));
  let name = "others";
  while (names.has(name)) name += "_";
  return name;
}

/** Whether an example has so few fields that it may be shown. Of one that has been checked it is mostly known. */
function isShortExample(example: Readonly<Record<string, unknown>>): boolean {
  // Each takes three characters at least.
  return !wasSeenWide(example) && Object.keys(example).length * 3 <= DEFAULT_MAX_EXAMPLE_CHARS;
}

/** An example input as a call in one line, or nothing when it is long. */
export function toExampleText(
  python: string,
  kind: SignatureInput["kind"],
  example: Readonly<Record<string, unknown>> | undefined,
): string {
  if (example === undefined) return "";
  if (!isShortExample(example)) return "";
  const values = Object.keys(example).map((name) => {
    const text = toPythonLiteral(example[name], DEFAULT_MAX_EXAMPLE_CHARS) ?? "...";
    const shown = name.slice(0, DEFAULT_MAX_EXAMPLE_CHARS);
    return kind === "keywords" ? `${shown}=${text}` : `${toPythonString(shown)}: ${text}`;
  });
  const list = values.join(", ");
  const text = `Example: ${python}(${kind === "keywords" ? list : `{${list}}`})`;
  return text.length <= DEFAULT_MAX_EXAMPLE_CHARS ? toDocLines(text, text.length).join(" ") : "";
}
