/**
 * What Converse and ConverseStream have in common on the way back: stop reasons, usage, blocks.
 *
 * A model that calls tools and yet says `end_turn`, as some families do, is said to have stopped for `tool_use`.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { ToolscriptError } from "../../errors.ts";
import type { ContentBlock, ModelResponse, ModelUsage } from "../model.ts";

/** Names of tools as the request had them, by the names that Converse knows. */
export type NameMap = ReadonlyMap<string, string>;

/** A whole Converse answer as a Messages API answer. */
export function toModelResponse(
  output: sdk.ConverseCommandOutput,
  modelId: string,
  names: NameMap,
): ModelResponse {
  const content = (output.output?.message?.content ?? []).flatMap((block) => toBlock(block, names));
  return {
    id: toMessageId(output.$metadata.requestId),
    type: "message",
    role: "assistant",
    model: modelId,
    content,
    stop_reason: toStopReason(output.stopReason, content.some(isToolUse), modelId),
    stop_sequence: null,
    usage: toUsage(output.usage),
  };
}

/** Converse has no message ids: the id of the request stands in. */
export function toMessageId(requestId: string | undefined): string {
  return `msg_${requestId ?? crypto.randomUUID()}`;
}

/**
 * The Messages API's stop reason.
 *
 * @throws {ToolscriptError} `model-failed` when the model wrote something that is no message
 */
export function toStopReason(reason: string | undefined, hasToolUse: boolean, modelId: string): string {
  switch (reason) {
    case "malformed_model_output":
    case "malformed_tool_use":
      throw new ToolscriptError(
        "model-failed",
        `Cannot read the answer of Bedrock model "${modelId}": the service says "${reason}"; sample again`,
        { data: { stopReason: reason } },
      );
    case "guardrail_intervened":
    case "content_filtered":
      return "refusal";
    case undefined:
    case "end_turn":
      return hasToolUse ? "tool_use" : "end_turn";
    default:
      return reason;
  }
}

/** Token counts; Converse counts cached tokens apart, as the Messages API does. */
export function toUsage(usage: sdk.TokenUsage | undefined): ModelUsage {
  const details = usage?.cacheDetails ?? [];
  const written = (ttl: string): number =>
    details
      .filter((detail) => detail.ttl === ttl)
      .reduce((sum, detail) => sum + (detail.inputTokens ?? 0), 0);
  return {
    input_tokens: usage?.inputTokens ?? 0,
    output_tokens: usage?.outputTokens ?? 0,
    cache_creation_input_tokens: usage?.cacheWriteInputTokens ?? 0,
    cache_read_input_tokens: usage?.cacheReadInputTokens ?? 0,
    ...(details.length > 0
      ? {
          cache_creation: {
            ephemeral_5m_input_tokens: written("5m"),
            ephemeral_1h_input_tokens: written("1h"),
          },
        }
      : {}),
  };
}

function isToolUse(block: ContentBlock): boolean {
  return block.type === "tool_use";
}

function toBlock(block: sdk.ContentBlock, names: NameMap): ContentBlock[] {
  if (block.text !== undefined) {
    return [{ type: "text", text: block.text }];
  }
  if (block.toolUse !== undefined) {
    const { toolUseId, name = "", input } = block.toolUse;
    return [{ type: "tool_use", id: toolUseId, name: names.get(name) ?? name, input: input ?? {} }];
  }
  if (block.reasoningContent !== undefined) {
    return [toThinking(block.reasoningContent)];
  }
  if (block.citationsContent !== undefined) {
    const text = (block.citationsContent.content ?? []).map((part) => part.text ?? "").join("");
    return [{ type: "text", text }];
  }
  return [];
}

function toThinking(content: sdk.ReasoningContentBlock): ContentBlock {
  if (content.redactedContent !== undefined) {
    return { type: "redacted_thinking", data: Buffer.from(content.redactedContent).toString("base64") };
  }
  const { text = "", signature } = content.reasoningText ?? { text: "" };
  return { type: "thinking", thinking: text, signature: signature ?? "" };
}
