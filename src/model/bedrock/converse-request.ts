/**
 * A Messages API request as a Converse request.
 *
 * Guarantee: roles alternate (neighbours of one role, such as several tool results, are merged), and a tool
 * configuration is there whenever the history holds tool blocks, and no two documents have one name. Left out because
 * Converse has no form for them: `disable_parallel_tool_use`, `metadata`, `service_tier`, `tool_choice: none` when the history
 * forces a tool configuration, and what only Claude knows (the caller refuses what would be missed, see `converse.ts`).
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import type { Steps } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { ContentBlock, ModelMessage, ModelRequest, ModelTool } from "../model.ts";
import { foldSystemMessages } from "../system-messages.ts";
import { stripThinking } from "./beta-fields.ts";
import { cannotExpress, DocumentNames, toConverseBlock, withCachePoint } from "./converse-blocks.ts";
import { hasToolBlocks, namesInHistory, toConverseName } from "./converse-names.ts";
import { isClaude, isNova } from "./model-id.ts";
import { withOutputConfig } from "./output-config.ts";
import { chooseBetas } from "./strip-request.ts";

/** Parameters of one model family that Converse has no field for. */
export type AdditionalFields = Readonly<Record<string, unknown>>;

/**
 * Translates a request.
 *
 * @throws {ToolscriptError} `model-request` for blocks and tools that Converse has no form for
 */
export function* toConverseRequest(
  request: ModelRequest,
  modelId: string,
  additional: AdditionalFields = {},
): Steps<sdk.ConverseCommandInput> {
  const system = yield* toSystem(request.system);
  const toolConfig = yield* toToolConfig(request);
  const fields = toAdditionalFields(request, modelId, additional);
  const outputConfig = toOutputConfig(withOutputConfig(request)["output_config"]);
  return {
    modelId,
    messages: yield* toMessages(request.messages),
    inferenceConfig: toInferenceConfig(request),
    ...(system.length > 0 ? { system } : {}),
    ...(toolConfig === undefined ? {} : { toolConfig }),
    ...(Object.keys(fields).length > 0
      ? {
          additionalModelRequestFields: fields as NonNullable<
            sdk.ConverseCommandInput["additionalModelRequestFields"]
          >,
        }
      : {}),
    ...(outputConfig === undefined ? {} : { outputConfig }),
  };
}

function* toMessages(messages: readonly ModelMessage[]): Steps<sdk.Message[]> {
  const merged: { role: sdk.ConversationRole; content: sdk.ContentBlock[] }[] = [];
  const names = new DocumentNames();
  for (const [index, { role, content }] of (yield* foldSystemMessages(messages)).entries()) {
    if (role === "system") continue; // there is none left
    for (const [at, block] of toBlocks(content).entries()) {
      const converted = toConverseBlock(block, `messages.${index}.content.${at}`, names);
      const last = merged.at(-1);
      if (last !== undefined && last.role === role) last.content.push(...converted);
      else if (converted.length > 0) merged.push({ role, content: converted });
      yield;
    }
    yield;
  }
  return merged;
}

function* toSystem(system: ModelRequest["system"]): Steps<sdk.SystemContentBlock[]> {
  const converted: sdk.SystemContentBlock[] = [];
  for (const [at, block] of toBlocks(system ?? []).entries()) {
    const text: unknown = block["text"];
    if (block.type !== "text" || typeof text !== "string") {
      throw cannotExpress(`system blocks of type "${block.type}"`, `system.${at}`);
    }
    if (text.trim() !== "") converted.push(...withCachePoint({ text }, block["cache_control"]));
    yield;
  }
  return converted;
}

function toBlocks(content: string | readonly ContentBlock[]): readonly ContentBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function toInferenceConfig(request: ModelRequest): sdk.InferenceConfiguration {
  const { max_tokens, temperature, top_p, stop_sequences } = request;
  return {
    maxTokens: max_tokens,
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof top_p === "number" ? { topP: top_p } : {}),
    ...(Array.isArray(stop_sequences) && stop_sequences.length > 0
      ? { stopSequences: stop_sequences.map(String) }
      : {}),
  };
}

function* toToolConfig(request: ModelRequest): Steps<sdk.ToolConfiguration | undefined> {
  const choice = isRecord(request["tool_choice"]) ? request["tool_choice"] : {};
  const isNeeded = hasToolBlocks(request);
  const declared = choice["type"] === "none" && !isNeeded ? [] : (request.tools ?? []);
  const tools: sdk.Tool[] = [];
  for (const [at, tool] of declared.entries()) {
    tools.push(...toTool(tool, at));
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
  const toolChoice = toToolChoice(choice);
  return { tools, ...(toolChoice === undefined ? {} : { toolChoice }) };
}

function toTool(tool: ModelTool, at: number): sdk.Tool[] {
  const type = tool["type"];
  if (type !== undefined && type !== "custom") {
    throw cannotExpress(`tools of type ${JSON.stringify(type)}`, `tools.${at}`);
  }
  const toolSpec: sdk.ToolSpecification = {
    name: toConverseName(tool.name),
    inputSchema: { json: tool.input_schema as NonNullable<sdk.ToolInputSchema["json"]> },
    ...(tool.description === undefined || tool.description === "" ? {} : { description: tool.description }),
    ...(tool["strict"] === true ? { strict: true } : {}),
  };
  return withCachePoint({ toolSpec }, tool["cache_control"]);
}

/** A tool that the history calls and the request does not declare any more. */
function toPastTool(name: string): sdk.Tool {
  return {
    toolSpec: {
      name: toConverseName(name),
      description: "Used earlier in this conversation; not available any more.",
      inputSchema: { json: { type: "object" } },
    },
  };
}

function toToolChoice(choice: Record<string, unknown>): sdk.ToolChoice | undefined {
  switch (choice["type"]) {
    case "auto":
      return { auto: {} };
    case "any":
      return { any: {} };
    case "tool":
      return { tool: { name: toConverseName(String(choice["name"])) } };
    default:
      return undefined;
  }
}

function toAdditionalFields(
  request: ModelRequest,
  modelId: string,
  additional: AdditionalFields,
): Record<string, unknown> {
  const topK = request["top_k"];
  const betas = isClaude(modelId) ? chooseBetas(request, []) : [];
  return {
    ...(topK === undefined ? {} : isNova(modelId) ? { inferenceConfig: { topK } } : { top_k: topK }),
    ...(request["thinking"] !== undefined && isClaude(modelId)
      ? { thinking: stripThinking(request["thinking"], () => {}) }
      : {}),
    ...(betas.length === 0 ? {} : { anthropic_beta: betas }),
    ...additional,
  };
}

function toOutputConfig(config: unknown): sdk.OutputConfig | undefined {
  if (!isRecord(config)) {
    return undefined;
  }
  const { format, effort } = config;
  const isSchema = isRecord(format) && format["type"] === "json_schema";
  return {
    ...(typeof effort === "string" ? { effort } : {}),
    ...(isSchema
      ? {
          textFormat: {
            type: "json_schema" as const,
            structure: { jsonSchema: { schema: JSON.stringify(format["schema"]), name: "output" } },
          },
        }
      : {}),
  };
}
