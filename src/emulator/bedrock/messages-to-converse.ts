/**
 * A scenario's answer as Converse and ConverseStream send it.
 *
 * As in the real streams, texts and reasoning have no `contentBlockStart`; only tool calls do.
 */
import type { ContentBlock, ModelResponse, ModelUsage } from "../../model/model.ts";
import { encodeEvent } from "../aws-http/event-stream.ts";
import { paddingOf } from "./invoke-frames.ts";
import type { JsonObject } from "./json-object.ts";
import { inputPieces } from "./message-events.ts";
import { splitText } from "./split-text.ts";

/** The body of a Converse answer. */
export function toConverseOutput(message: ModelResponse): JsonObject {
  return {
    output: { message: { role: "assistant", content: message.content.map(toWireBlock) } },
    stopReason: toStopReason(message.stop_reason),
    usage: toWireUsage(message.usage),
    metrics: { latencyMs: 0 },
  };
}

/** The frames of a ConverseStream answer. */
export function toConverseFrames(message: ModelResponse): Uint8Array[] {
  const events: [type: string, payload: JsonObject][] = [["messageStart", { role: "assistant" }]];
  for (const [contentBlockIndex, block] of message.content.entries()) {
    if (block.type === "tool_use") {
      const start = { toolUse: { toolUseId: block["id"], name: block["name"] } };
      events.push(["contentBlockStart", { contentBlockIndex, start }]);
    }
    for (const delta of toDeltas(block)) {
      events.push(["contentBlockDelta", { contentBlockIndex, delta }]);
    }
    events.push(["contentBlockStop", { contentBlockIndex }]);
  }
  events.push(
    ["messageStop", { stopReason: toStopReason(message.stop_reason) }],
    ["metadata", { usage: toWireUsage(message.usage), metrics: { latencyMs: 0 } }],
  );
  return events.map(([type, payload], at) =>
    encodeEvent(type, JSON.stringify({ ...payload, p: paddingOf(at) })),
  );
}

function toWireBlock(block: ContentBlock): JsonObject {
  if (block.type === "tool_use") {
    return { toolUse: { toolUseId: block["id"], name: block["name"], input: block["input"] } };
  }
  if (block.type === "thinking") {
    return {
      reasoningContent: { reasoningText: { text: block["thinking"], signature: block["signature"] } },
    };
  }
  if (block.type === "redacted_thinking") {
    return { reasoningContent: { redactedContent: block["data"] } };
  }
  return { text: block["text"] };
}

function toDeltas(block: ContentBlock): JsonObject[] {
  if (block.type === "tool_use") {
    const pieces = inputPieces(block).filter((piece) => piece !== "");
    return pieces.map((input) => ({ toolUse: { input } }));
  }
  if (block.type === "thinking") {
    const texts: JsonObject[] = splitText(String(block["thinking"])).map((text) => ({
      reasoningContent: { text },
    }));
    const signature = block["signature"];
    return signature === undefined ? texts : [...texts, { reasoningContent: { signature } }];
  }
  if (block.type === "redacted_thinking") {
    return [{ reasoningContent: { redactedContent: block["data"] } }];
  }
  return splitText(String(block["text"])).map((text) => ({ text }));
}

function toStopReason(reason: string | null): string {
  return reason === "refusal" ? "content_filtered" : (reason ?? "end_turn");
}

function toWireUsage(usage: ModelUsage): JsonObject {
  const inputTokens = usage.input_tokens ?? 0;
  const outputTokens = usage.output_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens + read + written,
    cacheReadInputTokens: read,
    cacheWriteInputTokens: written,
  };
}
