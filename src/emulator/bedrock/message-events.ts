/**
 * A whole answer as the events of InvokeModelWithResponseStream, each serialised once.
 *
 * `message_stop` carries `amazon-bedrock-invocationMetrics`, as Bedrock's own streams do.
 */
import type { ContentBlock, ModelResponse } from "../../model/model.ts";
import { splitText } from "./split-text.ts";

/** The answer's events as JSON texts, in order. */
export function toMessageEvents(message: ModelResponse): string[] {
  const { content, usage, stop_reason, stop_sequence, ...rest } = message;
  const events: object[] = [
    {
      type: "message_start",
      message: {
        ...rest,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: Math.min(1, usage.output_tokens ?? 0) },
      },
    },
  ];
  for (const [index, block] of content.entries()) {
    const { start, deltas } = splitBlock(block);
    events.push({ type: "content_block_start", index, content_block: start });
    events.push(...deltas.map((delta) => ({ type: "content_block_delta", index, delta })));
    events.push({ type: "content_block_stop", index });
  }
  events.push(
    {
      type: "message_delta",
      delta: { stop_reason, stop_sequence: stop_sequence ?? null },
      usage: { output_tokens: usage.output_tokens },
    },
    {
      type: "message_stop",
      "amazon-bedrock-invocationMetrics": {
        inputTokenCount: usage.input_tokens,
        outputTokenCount: usage.output_tokens,
        invocationLatency: 0,
        firstByteLatency: 0,
      },
    },
  );
  return events.map((event) => JSON.stringify(event));
}

function splitBlock(block: ContentBlock): { start: object; deltas: object[] } {
  if (block.type === "text") {
    const deltas = splitText(String(block["text"])).map((text) => ({ type: "text_delta", text }));
    return { start: { ...block, text: "" }, deltas };
  }
  if (block.type === "thinking") {
    const deltas: object[] = splitText(String(block["thinking"])).map((thinking) => ({
      type: "thinking_delta",
      thinking,
    }));
    deltas.push({ type: "signature_delta", signature: block["signature"] ?? "" });
    return { start: { ...block, thinking: "", signature: "" }, deltas };
  }
  if (block.type === "tool_use") {
    const deltas = inputPieces(block).map((partial_json) => ({ type: "input_json_delta", partial_json }));
    return { start: { ...block, input: {} }, deltas };
  }
  return { start: block, deltas: [] };
}

/** The input's JSON in pieces, the first one empty. A string is sent as it is: that is how a scenario cuts an input. */
export function inputPieces(block: ContentBlock): string[] {
  const input = block["input"];
  const json = typeof input === "string" ? input : JSON.stringify(input);
  return ["", ...(json === "{}" ? [] : splitText(json))];
}
