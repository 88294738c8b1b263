/**
 * A Converse request as the Messages API request that a scenario reads, so that one scenario serves every route.
 *
 * On the wire bytes are base64 texts, as in the Messages API, so they pass as they are.
 */
import type { ContentBlock, ModelMessage, ModelRequest, ModelTool } from "../../model/model.ts";
import type { ConverseBody } from "./converse-validation.ts";
import { isObject, toText, type JsonObject } from "./json-object.ts";

/** The request in the Messages API's shape. */
export function toMessagesRequest(body: ConverseBody): ModelRequest {
  const config = objectAt(body, "inferenceConfig");
  const toolConfig = objectAt(body, "toolConfig");
  const tools = listAt(toolConfig, "tools");
  const system = listAt(body, "system");
  return {
    max_tokens: typeof config["maxTokens"] === "number" ? config["maxTokens"] : 4096,
    messages: body.messages.map((message): ModelMessage => ({
      role: message.role,
      content: toBlocks(message.content),
    })),
    ...(system.length > 0 ? { system: toBlocks(system) } : {}),
    ...(tools.length > 0 ? { tools: toTools(tools) } : {}),
    ...toChoice(objectAt(toolConfig, "toolChoice")),
    ...(config["stopSequences"] === undefined ? {} : { stop_sequences: config["stopSequences"] }),
    ...(config["temperature"] === undefined ? {} : { temperature: config["temperature"] }),
    ...(config["topP"] === undefined ? {} : { top_p: config["topP"] }),
    ...objectAt(body, "additionalModelRequestFields"),
  };
}

/** Blocks; a cache point becomes the `cache_control` of the block before it. */
function toBlocks(wire: readonly JsonObject[]): ContentBlock[] {
  return foldCachePoints(wire, toBlock);
}

function toTools(wire: readonly JsonObject[]): ModelTool[] {
  return foldCachePoints(wire, (tool) => {
    const spec = objectAt(tool, "toolSpec");
    return {
      name: String(spec["name"]),
      ...(spec["description"] === undefined ? {} : { description: toText(spec["description"]) }),
      input_schema: objectAt(objectAt(spec, "inputSchema"), "json"),
      ...(spec["strict"] === undefined ? {} : { strict: spec["strict"] }),
    };
  });
}

function foldCachePoints<T extends object>(
  wire: readonly JsonObject[],
  convert: (item: JsonObject) => T,
): T[] {
  const result: T[] = [];
  for (const item of wire) {
    const last = result.at(-1);
    if (isObject(item["cachePoint"])) {
      if (last !== undefined) {
        const ttl = item["cachePoint"]["ttl"];
        result[result.length - 1] = {
          ...last,
          cache_control: { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) },
        };
      }
    } else {
      result.push(convert(item));
    }
  }
  return result;
}

function toBlock(wire: JsonObject): ContentBlock {
  if (typeof wire["text"] === "string") {
    return { type: "text", text: wire["text"] };
  }
  if (isObject(wire["toolUse"])) {
    const { toolUseId, name, input } = wire["toolUse"];
    return { type: "tool_use", id: toolUseId, name, input };
  }
  if (isObject(wire["toolResult"])) {
    return toToolResult(wire["toolResult"]);
  }
  if (isObject(wire["reasoningContent"])) {
    return toThinking(wire["reasoningContent"]);
  }
  if (isObject(wire["image"])) {
    const source = {
      type: "base64",
      media_type: `image/${String(wire["image"]["format"])}`,
      data: bytesOf(wire["image"]),
    };
    return { type: "image", source };
  }
  if (isObject(wire["document"])) {
    return toDocument(wire["document"]);
  }
  if (wire["json"] !== undefined) {
    return { type: "text", text: JSON.stringify(wire["json"]) };
  }
  const [key = "unknown"] = Object.keys(wire);
  return { ...objectAt(wire, key), type: key };
}

function toToolResult(wire: JsonObject): ContentBlock {
  return {
    type: "tool_result",
    tool_use_id: wire["toolUseId"],
    content: toBlocks(listAt(wire, "content")),
    ...(wire["status"] === "error" ? { is_error: true } : {}),
  };
}

function toThinking(wire: JsonObject): ContentBlock {
  if (wire["redactedContent"] !== undefined) {
    return { type: "redacted_thinking", data: wire["redactedContent"] };
  }
  const text = objectAt(wire, "reasoningText");
  return {
    type: "thinking",
    thinking: text["text"],
    ...(text["signature"] === undefined ? {} : { signature: text["signature"] }),
  };
}

function toDocument(wire: JsonObject): ContentBlock {
  const format = toText(wire["format"] ?? "txt");
  const source = {
    type: "base64",
    media_type: format === "pdf" ? "application/pdf" : `text/${format}`,
    data: bytesOf(wire),
  };
  return { type: "document", title: wire["name"], source };
}

function toChoice(wire: JsonObject): JsonObject {
  const [type] = Object.keys(wire);
  if (type === undefined) {
    return {};
  }
  return { tool_choice: type === "tool" ? { type, name: objectAt(wire, "tool")["name"] } : { type } };
}

function bytesOf(wire: JsonObject): unknown {
  return objectAt(wire, "source")["bytes"];
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = value[key];
  return isObject(found) ? found : {};
}

function listAt(value: JsonObject, key: string): JsonObject[] {
  const found: unknown = value[key];
  return Array.isArray(found) ? found.filter(isObject) : [];
}
