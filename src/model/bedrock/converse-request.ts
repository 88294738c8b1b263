/**
 * A Messages API request as a Converse request.
 *
 * Guarantees: roles alternate (neighbours of one role, such as several tool results, are merged), and a tool configuration
 * is there whenever the history holds tool blocks. What a client asked for is carried, refused by name, or left out with a
 * notice where the answer does not depend on it: docs/proxy.md has the table.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import type { Steps } from "../../turn-share.ts";
import type { ContentBlock, ModelMessage, ModelRequest } from "../model.ts";
import { foldSystemMessages } from "../system-messages.ts";
import { toConverseBlock, withCachePoint } from "./converse-blocks.ts";
import { toCachePoint } from "./converse-cache.ts";
import { cannotExpress, ConverseContext, type ConverseContextOptions } from "./converse-context.ts";
import {
  checkFields,
  toAdditionalFields,
  toInferenceConfig,
  toOutputConfig,
  toRequestMetadata,
  type AdditionalFields,
} from "./converse-fields.ts";
import { toToolConfig } from "./converse-tools.ts";

export type { AdditionalFields } from "./converse-fields.ts";

/**
 * Translates a request.
 *
 * @param modelId - an id that names the model: what it takes follows from it
 * @throws {ToolscriptError} `model-request` for what Converse has no form for
 */
export function* toConverseRequest(
  request: ModelRequest,
  modelId: string,
  additional: AdditionalFields = {},
  options: ConverseContextOptions = {},
): Steps<sdk.ConverseCommandInput> {
  const context = new ConverseContext(modelId, options);
  checkFields(request, context);
  const system = yield* toSystem(request.system, context);
  const toolConfig = yield* toToolConfig(request, context);
  const fields = toAdditionalFields(request, additional, context);
  const outputConfig = toOutputConfig(request, context);
  const requestMetadata = toRequestMetadata(request["metadata"], context);
  const messages = yield* toMessages(request.messages, context);
  markEnd(messages, request["cache_control"], context);
  return {
    modelId,
    messages,
    inferenceConfig: toInferenceConfig(request, context),
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
    ...(requestMetadata === undefined ? {} : { requestMetadata }),
  };
}

const MESSAGE_KEYS: ReadonlySet<string> = new Set(["role", "content"]);

function* toMessages(messages: readonly ModelMessage[], context: ConverseContext): Steps<sdk.Message[]> {
  const merged: { role: sdk.ConversationRole; content: sdk.ContentBlock[] }[] = [];
  for (const [index, message] of (yield* foldSystemMessages(messages)).entries()) {
    const { role, content } = message;
    if (role === "system") continue; // there is none left
    context.checkKeys(message, MESSAGE_KEYS, `messages.${index}`);
    for (const [at, block] of toBlocks(content).entries()) {
      const converted = toConverseBlock(block, `messages.${index}.content.${at}`, context);
      const last = merged.at(-1);
      if (last !== undefined && last.role === role) last.content.push(...converted);
      else if (converted.length > 0) merged.push({ role, content: converted });
      yield;
    }
    yield;
  }
  return merged;
}

/** A marker of the whole request caches up to its last block. */
function markEnd(messages: readonly sdk.Message[], marker: unknown, context: ConverseContext): void {
  const content = messages.at(-1)?.content;
  const last = content?.at(-1);
  if (content === undefined || last === undefined || "cachePoint" in last) return;
  const cachePoint = toCachePoint(marker, "cache_control", "text" in last ? "text" : "block", context);
  if (cachePoint !== undefined) content.push({ cachePoint });
}

const SYSTEM_KEYS: ReadonlySet<string> = new Set(["type", "text", "cache_control"]);

function* toSystem(
  system: ModelRequest["system"],
  context: ConverseContext,
): Steps<sdk.SystemContentBlock[]> {
  const converted: sdk.SystemContentBlock[] = [];
  for (const [at, block] of toBlocks(system ?? []).entries()) {
    const text: unknown = block["text"];
    const path = `system.${at}`;
    if (block.type !== "text" || typeof text !== "string") {
      throw cannotExpress(`system blocks of type "${block.type}"`, path, context.family);
    }
    context.checkKeys(block, SYSTEM_KEYS, path);
    if (text.trim() !== "") {
      converted.push(...withCachePoint({ text }, block["cache_control"], path, "system", context));
    }
    yield;
  }
  return converted;
}

function toBlocks(content: string | readonly ContentBlock[]): readonly ContentBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}
