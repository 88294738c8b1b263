/**
 * Tools and the choice among them, as Converse has them.
 *
 * Converse wants a tool configuration whenever the history holds calls or results. Where a request declares no tools, or
 * wants none called, the configuration has the history's own, said to be available no more.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import type { Steps } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { ModelRequest, ModelTool } from "../model.ts";
import { withCachePoint } from "./converse-blocks.ts";
import { cannotExpress, type ConverseContext, type Harmless } from "./converse-context.ts";
import { hasToolBlocks, namesInHistory, toConverseName } from "./converse-names.ts";

const TOOL_KEYS: ReadonlySet<string> = new Set([
  "type",
  "name",
  "description",
  "input_schema",
  "strict",
  "input_examples",
  "allowed_callers",
  "cache_control",
]);

/** Keys of a tool without which the model answers the same. */
const HARMLESS: Harmless = {
  defer_loading: "Converse has no tool search: every tool is loaded",
  eager_input_streaming: "the model's family says how inputs are streamed",
};

const CHOICE_KEYS: ReadonlySet<string> = new Set(["type", "name", "disable_parallel_tool_use"]);

/** @throws {ToolscriptError} `model-request` for tools and choices that Converse has no form for */
export function* toToolConfig(
  request: ModelRequest,
  context: ConverseContext,
): Steps<sdk.ToolConfiguration | undefined> {
  const choice = isRecord(request["tool_choice"]) ? request["tool_choice"] : {};
  context.checkKeys(choice, CHOICE_KEYS, "tool_choice");
  const isNeeded = hasToolBlocks(request);
  const declared = choice["type"] === "none" ? [] : (request.tools ?? []);
  const tools: sdk.Tool[] = [];
  for (const [at, tool] of declared.entries()) {
    tools.push(...toTool(tool, `tools.${at}`, context));
    yield;
  }
  const names = new Set(declared.map((tool) => tool.name));
  for (const name of isNeeded ? namesInHistory(request) : []) {
    if (!names.has(name)) tools.push(toPastTool(name));
    yield;
  }
  if (tools.length === 0) {
    return isNeeded ? { tools: [toPastTool("earlier_tool")] } : undefined;
  }
  const toolChoice = toToolChoice(choice, context);
  return { tools, ...(toolChoice === undefined ? {} : { toolChoice }) };
}

function toTool(tool: ModelTool, path: string, context: ConverseContext): sdk.Tool[] {
  const { type, allowed_callers: callers } = tool;
  if (type !== undefined && type !== null && type !== "custom") {
    throw cannotExpress(`tools of type ${JSON.stringify(type)}`, path, context.family);
  }
  context.checkKeys(tool, TOOL_KEYS, path, HARMLESS);
  if (Array.isArray(callers) && callers.length > 0 && !callers.includes("direct")) {
    context.refuse("tools that only scripts may call", `${path}.allowed_callers`);
  }
  const description = toDescription(tool);
  const toolSpec: sdk.ToolSpecification = {
    name: toConverseName(tool.name),
    inputSchema: { json: tool.input_schema as NonNullable<sdk.ToolInputSchema["json"]> },
    ...(description === "" ? {} : { description }),
    ...(tool["strict"] === true ? { strict: true } : {}),
  };
  return withCachePoint({ toolSpec }, tool["cache_control"], path, "tool", context);
}

/** Converse has no field for examples: the model reads them where it reads what the tool is for. */
function toDescription({ description = "", input_examples: examples }: ModelTool): string {
  if (!Array.isArray(examples) || examples.length === 0) return description;
  const lines = examples.map((example) => JSON.stringify(example));
  return [...(description === "" ? [] : [description, ""]), "Examples of its input:", ...lines].join("\n");
}

/** A tool that the history calls and that cannot be called now. */
function toPastTool(name: string): sdk.Tool {
  return {
    toolSpec: {
      name: toConverseName(name),
      description: "Used earlier in this conversation; not available any more.",
      inputSchema: { json: { type: "object" } },
    },
  };
}

function toToolChoice(choice: Record<string, unknown>, context: ConverseContext): sdk.ToolChoice | undefined {
  const { type, disable_parallel_tool_use: isAlone } = choice;
  // For a Claude it travels beside the request: see `toAdditionalFields`.
  if (isAlone === true && type !== "none" && !context.isClaude) {
    context.refuse('"disable_parallel_tool_use"', "tool_choice.disable_parallel_tool_use");
  }
  switch (type) {
    case "auto":
      return { auto: {} };
    case "any":
      return { any: {} };
    case "tool":
      return { tool: { name: toConverseName(String(choice["name"])) } };
    case undefined:
    case "none":
      return undefined;
    default:
      throw cannotExpress(`the choice ${JSON.stringify(type)}`, "tool_choice.type", context.family);
  }
}
