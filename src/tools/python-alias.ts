/**
 * The Python names of tools: every tool that a script may call has one identifier, and no two share it.
 */
import { ToolscriptError } from "../errors.ts";
import { toParameters } from "./python-parameters.ts";
import { PYTHON_KEYWORDS, PYTHON_TAKEN_NAMES } from "./python-words.ts";
import type { Caller, Tool } from "./tool.ts";

/** A tool as the runner knows it; the shape of the protocol's `tools` frame. */
export interface PythonToolDeclaration {
  /** The tool's own name. */
  name: string;
  /** Its identifier in a script. */
  python: string;
  /** Parameter names in the order of the signature, for positional arguments. */
  parameters: string[];
}

/**
 * The identifier of a tool: characters that Python does not allow become `_`, a leading digit gets `_` before it,
 * and a word that scripts need for something else (keywords, builtins, modules) gets `_` after it.
 */
export function toPythonAlias(name: string): string {
  const identifier = name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d|$)/, "_");
  return isTaken(identifier) ? `${identifier}_` : identifier;
}

function isTaken(identifier: string): boolean {
  return (
    PYTHON_KEYWORDS.has(identifier) ||
    PYTHON_TAKEN_NAMES.has(identifier) ||
    identifier === "_" ||
    /^__.*__$/.test(identifier)
  );
}

/** Tools that may be declared together. */
export const DEFAULT_MAX_TOOLS = 10_000;

/**
 * The declarations of the tools that `caller` may call, or of all of them.
 *
 * @throws {ToolscriptError} `invalid-tool` when two tools have one name or one alias, or when there are too many
 */
export function toToolDeclarations(tools: readonly Tool[], caller?: Caller): PythonToolDeclaration[] {
  if (tools.length > DEFAULT_MAX_TOOLS) {
    throw new ToolscriptError(
      "invalid-tool",
      `Cannot declare "${tools.length}" tools together, expected at most "${DEFAULT_MAX_TOOLS}"`,
    );
  }
  const byAlias = new Map<string, PythonToolDeclaration>();
  for (const tool of tools) {
    if (caller !== undefined && !tool.allowedCallers.includes(caller)) continue;
    const python = toPythonAlias(tool.name);
    const other = byAlias.get(python);
    if (other !== undefined) throw toClashError(other.name, tool.name, python);
    const { parameters } = toParameters(tool.inputSchema);
    byAlias.set(python, { name: tool.name, python, parameters: parameters.map(({ name }) => name) });
  }
  return [...byAlias.values()];
}

function toClashError(first: string, second: string, python: string): ToolscriptError {
  const message =
    first === second
      ? `Cannot declare two tools with the name "${first}"; leave out or rename one of them`
      : `Cannot declare the tools "${first}" and "${second}" together: both are "${python}" in Python; rename one of them`;
  return new ToolscriptError("invalid-tool", message, { data: { names: [first, second], python } });
}
