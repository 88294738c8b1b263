/**
 * The `code_execution` tool as the model sees it, and the reading of what the model sends to it.
 *
 * The description is the whole of what a model is told about scripts. It is written for models of every family and
 * is kept short, for it is part of every request.
 */
import { toShown } from "../tools/input-message.ts";
import { toToolDeclarations } from "../tools/python-alias.ts";
import { toPythonSignatures } from "../tools/python-signature.ts";
import type { Tool } from "../tools/tool.ts";
import type { ScriptLimits } from "./limits.ts";
import type { Convention } from "./script-session.ts";

/** Name under which the model calls scripts. */
export const CODE_EXECUTION_NAME = "code_execution";

/** Options of {@link codeExecutionTool}. */
export interface CodeExecutionToolOptions {
  /** The tools; those that do not allow the caller `programmatic` are left out. */
  readonly tools: readonly Tool[];
  /** How scripts talk to tools. */
  readonly convention: Convention;
  /** Python version, `major.minor` or longer, when it is known. */
  readonly python?: string;
  /** Budgets that the model is told of. A model rarely comes near them: leave them out to save tokens. */
  readonly limits?: Partial<Pick<ScriptLimits, "runningMs" | "maxOutputBytes">>;
}

/** A tool definition as the Messages API takes it. */
export interface CodeExecutionTool {
  readonly name: typeof CODE_EXECUTION_NAME;
  readonly description: string;
  readonly input_schema: {
    readonly type: "object";
    readonly properties: { readonly code: { readonly type: "string" } };
    readonly required: readonly ["code"];
    readonly additionalProperties: false;
  };
}

/**
 * Describes `code_execution` for a set of tools.
 *
 * @throws {ToolscriptError} `invalid-tool` when two tools have one Python name
 */
export function codeExecutionTool(options: CodeExecutionToolOptions): CodeExecutionTool {
  const { convention, python } = options;
  const tools = options.tools.filter((tool) => tool.allowedCallers.includes("programmatic"));
  toToolDeclarations(tools);
  const signatures = toPythonSignatures(tools, { style: convention });
  const lines = [toOpening(python, tools.length > 0), ...toRules(options, tools.length > 0)];
  if (tools.length > 0) lines.push("", "Functions:", signatures);
  return {
    name: CODE_EXECUTION_NAME,
    description: lines.join("\n"),
    input_schema: {
      type: "object",
      properties: { code: { type: "string" } },
      required: ["code"],
      additionalProperties: false,
    },
  };
}

function toOpening(python: string | undefined, hasTools: boolean): string {
  const version = /^\d+\.\d+/.exec(python ?? "")?.[0];
  const language = version === undefined ? "Python" : `Python ${version}`;
  return hasTools
    ? `Run a ${language} script that calls the async functions below. You see only what it prints, never their results: do the whole job in one script, compute in Python, print only what the answer needs.`
    : `Run a ${language} script. You see only what it prints.`;
}

const CALL_FORMS: Readonly<Record<Convention, string>> = {
  native: "Pass keyword arguments; you get parsed data (dicts, lists).",
  wire: "Pass one dict; you get text, often JSON for json.loads.",
};

function toRules({ convention, limits }: CodeExecutionToolOptions, hasTools: boolean): string[] {
  const calls = [
    `- Use top-level await. ${CALL_FORMS[convention]}`,
    "- Run independent calls together with asyncio.gather, not one by one.",
    "- A failed call raises ToolError with the reason.",
  ];
  return [
    ...(hasTools ? calls : []),
    "- Variables stay for the next script. Standard library only; no network, no host files.",
    ...toLimitRule(limits ?? {}),
  ];
}

function toLimitRule({ runningMs, maxOutputBytes }: Partial<ScriptLimits>): string[] {
  const parts = [
    runningMs === undefined ? "" : `${runningMs / 1000} s running time (waiting is free)`,
    maxOutputBytes === undefined ? "" : `${Math.floor(maxOutputBytes / 1024)} KiB output`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? [] : [`- Limits: ${parts.join(", ")}.`];
}

/** What {@link parseCodeExecutionInput} found: the code to run, or a sentence for the model. */
export type ParsedCode =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the input of a `code_execution` call.
 *
 * Repaired, because they can mean one thing only: the whole input as JSON text; code as a list of lines; code that
 * is wrapped, as a whole, in one Markdown fence; keys beside `code`. Everything else is refused.
 */
export function parseCodeExecutionInput(input: unknown): ParsedCode {
  const object = typeof input === "string" ? parseJson(input) : input;
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    return refuse(`the input is ${toShown(input)}, expected an object with the field "code"`);
  }
  if (!Object.hasOwn(object, "code")) return refuse(toMissingText(Object.keys(object)));
  const value = (object as Readonly<Record<string, unknown>>)["code"];
  const text = isLines(value) ? value.join("\n") : value;
  if (typeof text !== "string") {
    return refuse(`"code" is ${toShown(value)}, expected a string of Python source`);
  }
  const code = withoutFence(text);
  return code.trim() === "" ? refuse('"code" is empty, expected Python source') : { ok: true, code };
}

function refuse(reason: string): ParsedCode {
  return { ok: false, message: `Input of "${CODE_EXECUTION_NAME}" is wrong: ${reason}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toMissingText(keys: readonly string[]): string {
  const given = keys.length === 0 ? "nothing was given" : `only ${toShown(keys)} was given`;
  return `"code" is missing, ${given}; put the Python source into "code"`;
}

function isLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((line) => typeof line === "string");
}

/** What may stand behind the marks that open a fence around Python. */
const FENCE_LANGUAGES: ReadonlySet<string> = new Set(["", "py", "python", "python3"]);

/**
 * Takes off a fence that encloses the whole text. A fence within is part of the script, in a string for example. The first line
 * is read by hand: one of blanks without end would make a pattern try each of them.
 */
function withoutFence(text: string): string {
  const start = text.trimStart();
  const lineEnd = start.indexOf("\n");
  const [fence] = /^(?:`{3,}|~{3,})/.exec(start) ?? [];
  if (lineEnd < 0 || fence === undefined) return text;
  const language = start.slice(fence.length, lineEnd).trim();
  if (!FENCE_LANGUAGES.has(language.slice(0, MAX_LANGUAGE_CHARS).toLowerCase())) return text;
  const body = start.slice(lineEnd + 1).trimEnd();
  const isClosed = body === fence || body.endsWith(`\n${fence}`);
  return isClosed ? body.slice(0, -fence.length) : text;
}

/** Longer than any of the languages, so that a longer word is none of them. */
const MAX_LANGUAGE_CHARS = 16;
