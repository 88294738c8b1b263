/**
 * Streaming events put together again into one answer.
 *
 * Guarantee: unknown keys, blocks, deltas and events never break it; a stream that ends without `message_stop` is an
 * error, not a short answer. Content that `message_start` already carries is kept (the Messages API sends it so when
 * nothing was sampled). It must not know which service sent the events.
 */
import { ToolscriptError } from "../errors.ts";
import { withInputJson } from "./incomplete-input.ts";
import { isRecord } from "./is-record.ts";
import type { ContentBlock, MessageEvent, ModelResponse, ModelUsage } from "./model.ts";

/**
 * Collects a whole stream.
 *
 * @throws {ToolscriptError} `model-failed` when the stream ends without `message_stop`
 */
export async function accumulate(
  events: AsyncIterable<MessageEvent> | Iterable<MessageEvent>,
): Promise<ModelResponse> {
  const accumulator = new MessageAccumulator();
  for await (const event of events) {
    accumulator.add(event);
  }
  return accumulator.finish();
}

/** A block under construction. */
interface OpenBlock {
  block: Record<string, unknown>;
  json: string;
}

/** Puts one answer together while its events arrive. */
export class MessageAccumulator {
  #message: Record<string, unknown> | undefined;
  #usage: Record<string, unknown> = {};
  readonly #blocks: OpenBlock[] = [];
  #stopped = false;

  /** Takes in the next event. */
  add(event: MessageEvent): void {
    if (event.type === "message_start") {
      this.#start(event.message);
    } else if (event.type === "content_block_start") {
      this.#blocks[event.index] = { block: { ...event.content_block }, json: "" };
    } else if (event.type === "content_block_delta") {
      this.#applyDelta(event.index, event.delta);
    } else if (event.type === "message_delta") {
      Object.assign(this.#requireMessage(), withoutNullish(event.delta));
      Object.assign(this.#usage, withoutNullish(event.usage ?? {}));
    } else if (event.type === "message_stop") {
      this.#stopped = true;
    }
  }

  /**
   * The whole answer.
   *
   * @throws {ToolscriptError} `model-failed` when `message_stop` has not come
   */
  finish(): ModelResponse {
    const message = this.#requireMessage();
    if (!this.#stopped) {
      throw new ToolscriptError(
        "model-failed",
        `Cannot read the model's answer: the stream ended after ${this.#blocks.length} content blocks without "message_stop"`,
      );
    }
    const content = this.#blocks.filter((open) => open !== undefined).map(closeBlock);
    return { ...message, content, usage: this.#usage as ModelUsage } as unknown as ModelResponse;
  }

  #start(message: ModelResponse): void {
    this.#message = { ...message };
    this.#usage = isRecord(message.usage) ? { ...message.usage } : {};
    for (const block of message.content ?? []) {
      this.#blocks.push({ block: { ...block }, json: "" });
    }
  }

  #requireMessage(): Record<string, unknown> {
    if (this.#message === undefined) {
      throw new ToolscriptError(
        "model-failed",
        'Cannot read the model\'s answer: the stream has no "message_start" before its content or its end',
      );
    }
    return this.#message;
  }

  #applyDelta(index: number, delta: ContentBlock): void {
    const open = this.#blocks[index];
    if (open === undefined) {
      throw new ToolscriptError(
        "model-failed",
        `Cannot read the model's answer: a delta came for content block ${index}, which was never started`,
      );
    }
    if (delta.type === "input_json_delta") {
      open.json += textOf(delta["partial_json"]);
    } else if (delta.type === "citations_delta") {
      const citations: unknown[] = Array.isArray(open.block["citations"]) ? open.block["citations"] : [];
      open.block["citations"] = [...citations, delta["citation"]];
    } else {
      appendText(open.block, delta);
    }
  }
}

/** Delta type → the block key that its text is appended to. */
const TEXT_DELTAS: Readonly<Record<string, string>> = {
  text_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "signature",
};

function appendText(block: Record<string, unknown>, delta: ContentBlock): void {
  const key = TEXT_DELTAS[delta.type];
  if (key !== undefined) {
    block[key] = textOf(block[key]) + textOf(delta[key]);
  }
}

function closeBlock({ block, json }: OpenBlock): ContentBlock {
  return json === "" ? (block as ContentBlock) : withInputJson(block, json);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function withoutNullish(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null));
}
