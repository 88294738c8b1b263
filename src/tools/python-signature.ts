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
import { toDocLines, toPascalCase, toSingular } from "./python-text.ts";
import { PythonTypes, toTypeText } from "./python-types.ts";
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

/**
 * Writes the signatures of `tools`, each after the shapes that it is the first to need.
 *
 * In the `native` style a tool whose parameter names Python cannot take as keywords takes one dict instead.
 */
export function toPythonSignatures(
  tools: readonly Tool[],
  { style = "native", maxChars = DEFAULT_MAX_SIGNATURES_CHARS }: PythonSignaturesOptions = {},
): string {
  let text = "";
  for (const detail of DETAILS) {
    text = print(tools, style, detail);
    if (text.length <= maxChars) break;
  }
  return text;
}

function print(tools: readonly Tool[], style: SignatureStyle, detail: Detail): string {
  const aliases = tools.map((tool) => toPythonAlias(tool.name));
  const types = new PythonTypes(aliases, detail.withNotes);
  const drafts = tools.map((tool) => toDraft(tool, style, detail, types));
  for (const draft of drafts) {
    for (const text of toTypeTexts(draft)) types.shapes.count(text);
  }
  const blocks = drafts.map((draft) => {
    const definitions: string[] = [];
    const final = resolveTypes(draft, (text) => types.shapes.print(text, definitions));
    return [...definitions, toSignatureText(final)].join("\n");
  });
  return blocks.join("\n\n");
}

/** A tool's signature, its types still holding placeholders for shapes. */
function toDraft(tool: Tool, style: SignatureStyle, detail: Detail, types: PythonTypes): SignatureParts {
  const python = toPythonAlias(tool.name);
  const input = toInput(tool, style, types);
  const example = detail.withNotes ? toExampleText(python, input.kind, tool.inputExamples?.[0]) : "";
  return {
    python,
    input,
    ...toResult(tool, style, types),
    doc: [...toDocLines(tool.description, detail.maxDocChars), ...(example === "" ? [] : [example])],
  };
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

function toTypeTexts({ input, result, resultNote }: SignatureParts): string[] {
  if (input.kind === "type") return [input.type, result, resultNote];
  const fields = input.fields.map((field) => field.type);
  return [...fields, input.othersType ?? "", result, resultNote];
}

function resolveTypes(draft: SignatureParts, resolve: (text: string) => string): SignatureParts {
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
