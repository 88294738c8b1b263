/**
 * Decides which tools a script may call, which the model is offered, and which the model may call itself.
 */
import { ToolscriptError } from "../errors.ts";
import type { ModelTool } from "../model/model.ts";
import { CODE_EXECUTION_NAME, codeExecutionTool } from "../script/code-execution.ts";
import type { Tool } from "../tools/tool.ts";

/** How the model is meant to use the tools: from scripts, or each by a call of its own. */
export type Calling = "programmatic" | "direct";

/** The tools of an agent, sorted by use. */
export interface Toolbox {
  /** What goes into the request. */
  readonly offered: readonly ModelTool[];
  /** What scripts may call. */
  readonly scriptTools: readonly Tool[];
  /** What the model may call itself, by name. */
  readonly directTools: ReadonlyMap<string, Tool>;
  /** Every tool, by name, to tell a forbidden call from an unknown one. */
  readonly allTools: ReadonlyMap<string, Tool>;
  /** Whether the model may write scripts. */
  readonly hasScripts: boolean;
}

/**
 * Sorts the tools. In programmatic calling a tool that allows both callers is offered to scripts alone: describing it
 * twice would cost tokens and invite the calls that scripts replace. A direct call of it is carried out all the same.
 *
 * @throws {ToolscriptError} `invalid-tool` for two tools with one name, for a tool named `code_execution` and for a tool
 *   without `execute`; `invalid-argument` for direct calling with no tool that allows it
 */
export function createToolbox(tools: readonly Tool[], calling: Calling): Toolbox {
  const allTools = new Map(tools.map((tool) => [tool.name, tool]));
  checkTools(tools, allTools);
  const direct = tools.filter((tool) => tool.allowedCallers.includes("direct"));
  const directTools = new Map(direct.map((tool) => [tool.name, tool]));
  if (calling === "direct") {
    checkDirect(direct);
    return { offered: direct.map(toModelTool), scriptTools: [], directTools, allTools, hasScripts: false };
  }
  const scriptTools = tools.filter((tool) => tool.allowedCallers.includes("programmatic"));
  const directOnly = direct.filter((tool) => !tool.allowedCallers.includes("programmatic"));
  const codeExecution = { ...codeExecutionTool({ tools: scriptTools, convention: "native" }) };
  return {
    offered: [codeExecution, ...directOnly.map(toModelTool)],
    scriptTools,
    directTools,
    allTools,
    hasScripts: true,
  };
}

function toModelTool({ name, description, inputSchema }: Tool): ModelTool {
  return { name, description, input_schema: inputSchema };
}

function checkTools(tools: readonly Tool[], byName: ReadonlyMap<string, Tool>): void {
  const twice = tools.find((tool) => byName.get(tool.name) !== tool)?.name;
  if (twice !== undefined) {
    throw new ToolscriptError("invalid-tool", `Cannot create the agent: two tools are named "${twice}"`);
  }
  if (byName.has(CODE_EXECUTION_NAME)) {
    throw new ToolscriptError(
      "invalid-tool",
      `Cannot create the agent: the tool name "${CODE_EXECUTION_NAME}" is taken by the tool that runs scripts`,
    );
  }
  const missing = tools.find((tool) => tool.execute === undefined)?.name;
  if (missing !== undefined) {
    throw new ToolscriptError(
      "invalid-tool",
      `Cannot create the agent: the tool "${missing}" has no execute`,
    );
  }
}

function checkDirect(direct: readonly Tool[]): void {
  if (direct.length > 0) return;
  throw new ToolscriptError(
    "invalid-argument",
    'Cannot create the agent: calling is "direct", but no tool has "direct" among its allowedCallers',
  );
}
