/**
 * Sorts the tools of a request: which the model may call, which scripts may call, and whether there are scripts at all.
 *
 * Every refusal that the wire knows about tools is made here. Schemas are checked by `src/tools`; what a tool does is the
 * client's business.
 */
import { isToolscriptError } from "../../errors.ts";
import { runInShares, type Steps, type TurnShare } from "../../turn-share.ts";
import { CODE_TOOL } from "../conversation/blocks.ts";
import type { ModelTool } from "../../model/model.ts";
import { declareTool, type ToolOutline } from "../../tools/declare-tool.ts";
import { toToolDeclarations } from "../../tools/python-alias.ts";
import type { Tool } from "../../tools/tool.ts";
import { WorkBudget } from "../../tools/work-budget.ts";
import { invalidRequest } from "../errors/api-error.ts";
import {
  builtinToolShape,
  type CallerName,
  CODE_TOOL_TYPES,
  codeToolShape,
  type CustomTool,
  customToolShape,
  exampleShape,
  MAX_EXAMPLES,
  type RequestBody,
  type ToolEntry,
} from "./body-schema.ts";
import { check, checkItems } from "./check-body.ts";
import { checkNoCircularRef } from "./check-circular-ref.ts";
import { checkSupportedTool } from "./check-supported.ts";

/** What responses name as the caller of programmatic calls. */
export type CallerType = "code_execution_20250825" | "code_execution_20260120";

/** The code execution tool of a request. */
export interface CodeTool {
  readonly callerType: CallerType;
  readonly cacheControl: unknown;
}

/** The tools of a request, sorted. */
export interface ToolPlan {
  /** Undefined when the request has no code execution: it passes through. */
  readonly code: CodeTool | undefined;
  /** Tools that the model may call itself, as the client sent them but for `allowed_callers`. */
  readonly direct: readonly ModelTool[];
  readonly directNames: ReadonlySet<string>;
  /** Tools that scripts may call. */
  readonly script: readonly Tool[];
  readonly scriptNames: ReadonlySet<string>;
}

interface SortedTool {
  readonly name: string | undefined;
  readonly isDirect: boolean;
  readonly script?: Tool;
  readonly code?: CodeTool;
}

/** Sorts the tools. @throws {ApiError} `invalid_request_error` */
export async function readTools(body: RequestBody, share: TurnShare): Promise<ToolPlan> {
  const entries = body.tools ?? [];
  const context = { share, budget: new WorkBudget() };
  const sorted: SortedTool[] = [];
  for (const [at, entry] of entries.entries()) {
    sorted.push(await readTool(entry, `tools.${at}`, context));
    if (share.due) await share.yieldTurn();
  }
  checkUnique(sorted);
  const code = sorted.find((tool) => tool.code !== undefined)?.code;
  const plan: ToolPlan = {
    code,
    direct: entries.filter((_entry, at) => sorted[at]?.isDirect === true).map(withoutCallers),
    directNames: new Set(sorted.filter((tool) => tool.isDirect).map((tool) => tool.name ?? "")),
    script: sorted.map((tool) => tool.script).filter((tool) => tool !== undefined),
    scriptNames: new Set(sorted.filter((tool) => tool.script !== undefined).map((tool) => tool.name ?? "")),
  };
  checkDeferred(entries);
  if (plan.script.length > 0) checkScriptTools(plan, body);
  return plan;
}

/** What reading the tools of one request may take. */
interface ReadContext {
  readonly share: TurnShare;
  readonly budget: WorkBudget;
}

async function readTool(entry: ToolEntry, path: string, context: ReadContext): Promise<SortedTool> {
  const { type } = entry;
  if (type === undefined || type === null || type === "custom") {
    return await readCustom(entry, `${path}.custom`, context);
  }
  if ((CODE_TOOL_TYPES as readonly string[]).includes(type)) return readCode(entry, type, `${path}.${type}`);
  return readBuiltin(entry, type, `${path}.${type}`);
}

async function readCustom(entry: ToolEntry, path: string, context: ReadContext): Promise<SortedTool> {
  check(customToolShape, entry, path);
  const tool = entry as CustomTool;
  const { name, allowed_callers, strict, input_examples: examples } = tool;
  await runInShares(checkExamples(examples ?? [], `${path}.input_examples`), context.share);
  const callers = allowed_callers ?? ["direct"];
  const isDirect = callers.includes("direct");
  const isScript = callers.some((caller) => caller !== "direct");
  if (isScript && strict === true) {
    throw invalidRequest(
      `${path}.strict: Strict tools cannot be called from code execution; remove "strict" or the code execution caller of tool "${name}"`,
    );
  }
  if (!isScript && (examples ?? []).length === 0) return { name, isDirect };
  const script = await declare(tool, isScript, path, context.budget);
  if (!isScript) return { name, isDirect };
  await runInShares(checkNoCircularRef(tool.input_schema, `${path}.input_schema`), context.share);
  return { name, isDirect, script };
}

function checkExamples(examples: readonly unknown[], path: string): Steps<void> {
  if (examples.length > MAX_EXAMPLES) {
    throw invalidRequest(
      `${path}: List should have at most ${MAX_EXAMPLES} items after validation, not ${examples.length}`,
    );
  }
  return checkItems(examples, exampleShape, path);
}

async function declare(data: CustomTool, isScript: boolean, path: string, budget: WorkBudget): Promise<Tool> {
  const outline: ToolOutline = {
    name: data.name,
    description: data.description ?? "",
    inputSchema: data.input_schema,
    allowedCallers: isScript ? ["programmatic"] : ["direct"],
    ...(data.input_examples ? { inputExamples: data.input_examples } : {}),
  };
  try {
    return await declareTool(outline, budget);
  } catch (error) {
    if (isToolscriptError(error, "invalid-tool")) throw invalidRequest(`${path}: ${error.message}`);
    throw error;
  }
}

function readCode(entry: ToolEntry, type: string, path: string): SortedTool {
  check(codeToolShape, entry, path);
  const isOld = type === "code_execution_20250522" || type === "code_execution_20250825";
  const callerType: CallerType = isOld ? "code_execution_20250825" : "code_execution_20260120";
  return {
    name: CODE_TOOL,
    isDirect: false,
    code: { callerType, cacheControl: entry["cache_control"] },
  };
}

function readBuiltin(entry: ToolEntry, type: string, path: string): SortedTool {
  checkSupportedTool(type, path);
  check(builtinToolShape, entry, path);
  const callers = (entry["allowed_callers"] ?? ["direct"]) as readonly CallerName[];
  if (callers.some((caller) => caller !== "direct")) {
    throw invalidRequest(
      `${path}.allowed_callers: Tools of type "${type}" can only be called directly; want ["direct"]`,
    );
  }
  return { name: entry.name ?? undefined, isDirect: true };
}

/** `allowed_callers` is settled here; no model needs to read it. */
function withoutCallers(entry: ToolEntry): ModelTool {
  const { allowed_callers: _settled, ...rest } = entry;
  return rest as unknown as ModelTool;
}

function checkUnique(tools: readonly SortedTool[]): void {
  const seen = new Set<string>();
  for (const { name } of tools) {
    if (name === undefined) continue;
    if (seen.has(name)) throw invalidRequest(`tools: Tool names must be unique; "${name}" is given twice`);
    seen.add(name);
  }
}

function checkDeferred(entries: readonly ToolEntry[]): void {
  if (entries.length === 0 || entries.some((entry) => entry["defer_loading"] !== true)) return;
  throw invalidRequest(
    "tools: At least one tool must have defer_loading=false. All tools cannot be deferred.",
  );
}

function checkScriptTools(plan: ToolPlan, body: RequestBody): void {
  const { tool_choice: choice } = body;
  if (plan.code === undefined) {
    const orphan = [...plan.scriptNames].find((name) => !plan.directNames.has(name));
    if (orphan === undefined) return;
    throw invalidRequest(
      `tools: Tool "${orphan}" can only be called from code execution, but no \`code_execution\` tool was provided`,
    );
  }
  if (choice?.disable_parallel_tool_use === true) {
    throw invalidRequest(
      "tool_choice.disable_parallel_tool_use: Not supported together with tools that code execution may call",
    );
  }
  if (
    choice?.type === "tool" &&
    plan.scriptNames.has(choice.name ?? "") &&
    !plan.directNames.has(choice.name ?? "")
  ) {
    throw invalidRequest(
      `tool_choice.name: Tool "${choice.name}" cannot be forced: its allowed_callers does not include "direct"`,
    );
  }
  try {
    toToolDeclarations(plan.script);
  } catch (error) {
    if (isToolscriptError(error, "invalid-tool")) throw invalidRequest(`tools: ${error.message}`);
    throw error;
  }
}
