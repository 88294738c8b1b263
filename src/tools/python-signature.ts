/**
 * Tools as compact Python signatures: what a model reads before it writes a script.
 *
 * The text is valid Python, whatever names, descriptions and schemas a tool has, and its length is bounded: when
 * many tools do not fit, all lose detail, not some of them their signature.
 */
import { toPythonAlias } from "./python-alias.ts";
import { toParameters } from "./python-parameters.ts";
import type { ShapeField } from "./python-shapes.ts";
import type { SignatureInput, SignatureParts } from "./python-signature-text.ts";
import { toExampleText, toSignatureText } from "./python-signature-text.ts";
import { toDocLines, toPascalCase, toPythonString, toSingular } from "./python-text.ts";
import { PythonTypes, toTypeText } from "./python-types.ts";
import { SignatureWork } from "./signature-work.ts";
import type { Tool } from "./tool.ts";

/** Characters of all signatures together, from which on detail is left out. */
export const DEFAULT_MAX_SIGNATURES_CHARS = 60_000;
/** Characters of one tool's docstring. */
export const DEFAULT_MAX_DOC_CHARS = 2_000;
/** Characters of a docstring when the signatures do not fit otherwise. */
export const DEFAULT_MAX_BRIEF_DOC_CHARS = 160;

/** How scripts talk to tools: `native` takes keywords and returns data, `wire` takes a dict and returns text. */
export type SignatureStyle = "native" | "wire";

/** Options of {@link toPythonSignatures}. */
export interface PythonSignaturesOptions {
  /** @default "native" */
  readonly style?: SignatureStyle;
  /** @default 60_000 */
  readonly maxChars?: number;
}

interface Detail {
  readonly maxDocChars: number;
  readonly withNotes: boolean;
}

const DETAILS: readonly Detail[] = [
  { maxDocChars: DEFAULT_MAX_DOC_CHARS, withNotes: true },
  { maxDocChars: DEFAULT_MAX_BRIEF_DOC_CHARS, withNotes: false },
  { maxDocChars: 0, withNotes: false },
];

/** A tool's signature without its docstring, its types still holding placeholders for shapes. */
interface Draft {
  readonly tool: Tool;
  readonly parts: Omit<SignatureParts, "doc">;
}

/**
 * Writes the signatures of `tools`, each after the shapes that it is the first to need.
 *
 * In the `native` style a tool whose parameter names Python cannot take as keywords takes one dict instead. When all types
 * would be too long, or too much to work through, there are the names of parameters only, or not even those.
 */
export function toPythonSignatures(
  tools: readonly Tool[],
  { style = "native", maxChars = DEFAULT_MAX_SIGNATURES_CHARS }: PythonSignaturesOptions = {},
): string {
  const aliases = tools.map((tool) => toPythonAlias(tool.name));
  const bareChars = aliases.reduce((sum, { length }) => sum + length + "async def () -> str: ...".length, 0);
  const work = new SignatureWork();
  for (const detail of bareChars > maxChars ? [] : DETAILS) {
    const text = new Printer(style, detail, maxChars).print(tools, aliases, work);
    if (text !== undefined) return text;
    if (work.isUsedUp) break;
  }
  return toBriefSignatures(tools, aliases, style, maxChars);
}

/** Prints signatures with one level of detail, as long as that is neither too long nor too much work. */
class Printer {
  readonly #style: SignatureStyle;
  readonly #detail: Detail;
  readonly #maxChars: number;

  constructor(style: SignatureStyle, detail: Detail, maxChars: number) {
    this.#style = style;
    this.#detail = detail;
    this.#maxChars = maxChars;
  }

  /** The signatures, or undefined. */
  print(tools: readonly Tool[], aliases: readonly string[], work: SignatureWork): string | undefined {
    const types = new PythonTypes(aliases, this.#detail.withNotes, work);
    const drafts: Draft[] = [];
    let leastChars = 0;
    for (const tool of tools) {
      const draft = toDraft(tool, this.#style, types);
      drafts.push(draft);
      leastChars += this.#toLeastChars(draft);
      if (work.isUsedUp || leastChars > this.#maxChars) return undefined;
    }
    return this.#printDrafts(drafts, types);
  }

  /** What a draft has at least, when the shapes that it names are left out. */
  #toLeastChars({ tool, parts: { input } }: Draft): number {
    const fields = input.kind === "type" ? [] : input.fields;
    const chars = fields.reduce((sum, { name, note }) => sum + name.length + note.length, 0);
    return chars + Math.min(tool.description.length, this.#detail.maxDocChars) / 2;
  }

  #printDrafts(drafts: readonly Draft[], { shapes }: PythonTypes): string | undefined {
    for (const { parts } of drafts) {
      for (const text of toTypeTexts(parts)) shapes.count(text);
    }
    const blocks: string[] = [];
    let chars = -BETWEEN.length;
    for (const draft of drafts) {
      const definitions: string[] = [];
      const final = resolveTypes(draft.parts, (text) => shapes.print(text, definitions));
      const block = [...definitions, toSignatureText({ ...final, doc: this.#toDoc(draft) })].join("\n");
      blocks.push(block);
      chars += block.length + BETWEEN.length;
      if (chars > this.#maxChars) return undefined;
    }
    return blocks.join(BETWEEN);
  }

  #toDoc({ tool, parts: { python, input } }: Draft): string[] {
    const lines = toDocLines(tool.description, this.#detail.maxDocChars);
    const [first] = tool.inputExamples ?? [];
    const example = this.#detail.withNotes ? toExampleText(python, input.kind, first) : "";
    return example === "" ? lines : [...lines, example];
  }
}

const BETWEEN = "\n\n";

/** Signatures without types: with the names of their parameters, or without when those are too long. */
function toBriefSignatures(
  tools: readonly Tool[],
  aliases: readonly string[],
  style: SignatureStyle,
  maxChars: number,
): string {
  const result = style === "wire" ? "str" : "Any";
  const bare = aliases.map((python) => `async def ${python}(input: dict, /) -> ${result}: ...`);
  let chars = 0;
  const named: string[] = [];
  for (const [at, tool] of tools.entries()) {
    const names = toParameters(tool.inputSchema).parameters.map(({ name }) => name);
    const length = names.reduce((sum, name) => sum + name.length + 4, bare[at]?.length ?? 0);
    chars += length;
    if (chars > maxChars) return bare.join(BETWEEN);
    named.push(names.length === 0 ? "" : `  # keys: ${names.map(toPythonString).join(", ")}`);
  }
  return bare.map((text, at) => text + (named[at] ?? "")).join(BETWEEN);
}

function toDraft(tool: Tool, style: SignatureStyle, types: PythonTypes): Draft {
  const python = toPythonAlias(tool.name);
  return { tool, parts: { python, input: toInput(tool, style, types), ...toResult(tool, style, types) } };
}

function toInput(tool: Tool, style: SignatureStyle, types: PythonTypes): SignatureInput {
  const { parameters, areKeywords, hasUnion, others } = toParameters(tool.inputSchema);
  if (hasUnion || (parameters.length === 0 && others !== undefined)) {
    return { kind: "type", type: toTypeText(types.toType(tool.inputSchema, "Input", true)) };
  }
  const fields = toOrdered(types.toFields(tool.inputSchema, true));
  const kind = style === "native" && areKeywords ? "keywords" : "dict";
  const othersType =
    others === undefined || others === true
      ? undefined
      : toTypeText(types.toPartType(others, tool.inputSchema, "Other"));
  return { kind, fields, isOpen: others !== undefined, othersType };
}

function toOrdered(fields: readonly ShapeField[]): ShapeField[] {
  return [...fields.filter((one) => one.isRequired), ...fields.filter((one) => !one.isRequired)];
}

function toResult(
  tool: Tool,
  style: SignatureStyle,
  types: PythonTypes,
): Pick<SignatureParts, "result" | "resultNote"> {
  const schema = tool.outputSchema;
  if (schema === undefined) return { result: style === "wire" ? "str" : "Any", resultNote: "" };
  const hint = toResultHint(toPythonAlias(tool.name));
  const result = toTypeText(types.toType(schema, hint, false));
  return style === "wire"
    ? { result: "str", resultNote: result === "Any" ? "" : `JSON of ${result}` }
    : { result, resultNote: "" };
}

const VERBS = /^(?:fetch|find|get|list|load|lookup|query|read|search)_(?=[a-zA-Z])/;

/** What a tool's result may be called: `get_expenses` gives an `Expense` each, `count_rows` a `CountRowsResult`. */
function toResultHint(python: string): string {
  const noun = python.replace(VERBS, "");
  return noun === python ? toPascalCase(`${python}_result`) : toSingular(toPascalCase(noun));
}

function toTypeTexts({ input, result, resultNote }: Draft["parts"]): string[] {
  if (input.kind === "type") return [input.type, result, resultNote];
  const fields = input.fields.map((field) => field.type);
  return [...fields, input.othersType ?? "", result, resultNote];
}

function resolveTypes(draft: Draft["parts"], resolve: (text: string) => string): Draft["parts"] {
  const { input } = draft;
  const resolved: SignatureInput =
    input.kind === "type"
      ? { ...input, type: resolve(input.type) }
      : {
          ...input,
          fields: input.fields.map((field) => ({ ...field, type: resolve(field.type) })),
          othersType: input.othersType === undefined ? undefined : resolve(input.othersType),
        };
  return {
    ...draft,
    input: resolved,
    result: resolve(draft.result),
    resultNote: resolve(draft.resultNote),
  };
}
