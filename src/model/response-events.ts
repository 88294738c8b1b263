/**
 * A whole answer as the streaming events that would have carried it.
 *
 * Guarantee: `accumulate(responseToEvents(response))` gives the response back, with every extra key. The order and the
 * shape of the events are those of the Messages API: an empty block first, then deltas; the first `input_json_delta` is
 * empty. It must not know where the answer came from.
 */
import { incompleteInputOf } from "./incomplete-input.ts";
import type { ContentBlock, MessageEvent, ModelResponse } from "./model.ts";

/** Characters of text or JSON in one delta. */
const DEFAULT_DELTA_CHARACTERS = 48;

/** Options of {@link responseToEvents}. */
export interface ResponseToEventsOptions {
  /** Characters of text or JSON in one delta. @default 48 */
  deltaCharacters?: number;
}

/** Splits a whole answer into the events of a stream. */
export function* responseToEvents(
  response: ModelResponse,
  options: ResponseToEventsOptions = {},
): Generator<MessageEvent> {
  const { deltaCharacters = DEFAULT_DELTA_CHARACTERS } = options;
  const { content, stop_reason, stop_sequence, usage, ...rest } = response;
  const startUsage = usage.output_tokens === undefined ? usage : { ...usage, output_tokens: 0 };
  yield {
    type: "message_start",
    message: { ...rest, content: [], stop_reason: null, stop_sequence: null, usage: startUsage },
  };
  for (const [index, block] of content.entries()) {
    yield* blockToEvents(index, block, deltaCharacters);
  }
  yield {
    type: "message_delta",
    delta: { stop_reason, stop_sequence: stop_sequence ?? null },
    usage,
  };
  yield { type: "message_stop" };
}

function* blockToEvents(index: number, block: ContentBlock, size: number): Generator<MessageEvent> {
  const { start, deltas } = splitBlock(block, size);
  yield { type: "content_block_start", index, content_block: start };
  for (const delta of deltas) {
    yield { type: "content_block_delta", index, delta };
  }
  yield { type: "content_block_stop", index };
}

function splitBlock(block: ContentBlock, size: number): { start: ContentBlock; deltas: ContentBlock[] } {
  if (block.type === "text" && typeof block["text"] === "string") {
    const deltas = pieces(block["text"], size).map((text) => ({ type: "text_delta", text }));
    return { start: { ...block, text: "" }, deltas };
  }
  if (block.type === "thinking" && typeof block["thinking"] === "string") {
    return splitThinking(block, block["thinking"], size);
  }
  if ((block.type === "tool_use" || block.type === "server_tool_use") && block["input"] !== undefined) {
    const json = incompleteInputOf(block) ?? JSON.stringify(block["input"]);
    const deltas = ["", ...(json === "{}" ? [] : pieces(json, size))].map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }));
    return { start: { ...block, input: {} }, deltas };
  }
  return { start: block, deltas: [] };
}

function splitThinking(
  block: ContentBlock,
  thinking: string,
  size: number,
): { start: ContentBlock; deltas: ContentBlock[] } {
  const deltas: ContentBlock[] = pieces(thinking, size).map((text) => ({
    type: "thinking_delta",
    thinking: text,
  }));
  if (typeof block["signature"] !== "string") {
    return { start: { ...block, thinking: "" }, deltas };
  }
  deltas.push({ type: "signature_delta", signature: block["signature"] });
  return { start: { ...block, thinking: "", signature: "" }, deltas };
}

/** Cuts `text` into pieces of about `size` characters, never inside a surrogate pair. */
function pieces(text: string, size: number): string[] {
  const parts: string[] = [];
  let from = 0;
  while (from < text.length) {
    let to = Math.min(from + size, text.length);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) {
      to += 1;
    }
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}
