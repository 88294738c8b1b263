/**
 * ConverseStream's events as the Messages API's streaming events.
 *
 * Converse starts no block for text and reasoning, and sends the usage after the stop reason: blocks are opened by their
 * first delta, and `message_delta` waits for the usage or the end. Guarantee: every opened block is closed, and
 * `message_stop` comes only after Converse's own stop.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import type { ContentBlock, MessageEvent } from "../model.ts";
import { toMessageId, toStopReason, toUsage, type NameMap } from "./converse-response.ts";

/** Options of {@link ConverseEventTranslator}. */
export interface ConverseEventOptions {
  readonly modelId: string;
  readonly requestId: string | undefined;
  readonly names: NameMap;
}

/** Translates one stream. */
export class ConverseEventTranslator {
  readonly #options: ConverseEventOptions;
  /** Converse's block index → ours, while the block is open. */
  readonly #open = new Map<number, number>();
  #count = 0;
  #hasToolUse = false;
  #stopReason: string | undefined;
  #usage: sdk.TokenUsage | undefined;

  constructor(options: ConverseEventOptions) {
    this.#options = options;
  }

  /** The first event of the answer. */
  *start(): Generator<MessageEvent> {
    const { modelId, requestId } = this.#options;
    yield {
      type: "message_start",
      message: {
        id: toMessageId(requestId),
        type: "message",
        role: "assistant",
        model: modelId,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 0, output_tokens: 0 },
      },
    };
  }

  /** What one event of Converse becomes. */
  *translate(event: sdk.ConverseStreamOutput): Generator<MessageEvent> {
    if (event.contentBlockStart !== undefined) {
      yield* this.#startBlock(event.contentBlockStart);
    } else if (event.contentBlockDelta !== undefined) {
      yield* this.#delta(event.contentBlockDelta);
    } else if (event.contentBlockStop !== undefined) {
      yield* this.#closeBlock(event.contentBlockStop.contentBlockIndex ?? 0);
    } else if (event.messageStop !== undefined) {
      this.#stopReason = toStopReason(event.messageStop.stopReason, this.#hasToolUse, this.#options.modelId);
    } else if (event.metadata !== undefined) {
      this.#usage = event.metadata.usage;
    }
  }

  /** The last events; none when Converse has not said that the message is complete. */
  *finish(): Generator<MessageEvent, boolean> {
    if (this.#stopReason === undefined) {
      return false;
    }
    for (const index of this.#open.keys()) {
      yield* this.#closeBlock(index);
    }
    yield {
      type: "message_delta",
      delta: { stop_reason: this.#stopReason, stop_sequence: null },
      usage: toUsage(this.#usage),
    };
    yield { type: "message_stop" };
    return true;
  }

  *#startBlock({ start, contentBlockIndex = 0 }: sdk.ContentBlockStartEvent): Generator<MessageEvent> {
    const toolUse = start?.toolUse;
    if (toolUse === undefined) {
      return;
    }
    const { names } = this.#options;
    const name = toolUse.name ?? "";
    this.#hasToolUse = true;
    yield this.#openBlock(contentBlockIndex, {
      type: "tool_use",
      id: toolUse.toolUseId,
      name: names.get(name) ?? name,
      input: {},
    });
    yield this.#deltaEvent(contentBlockIndex, { type: "input_json_delta", partial_json: "" });
  }

  *#delta({ delta, contentBlockIndex = 0 }: sdk.ContentBlockDeltaEvent): Generator<MessageEvent> {
    if (delta?.text !== undefined) {
      yield* this.#ensureBlock(contentBlockIndex, { type: "text", text: "" });
      yield this.#deltaEvent(contentBlockIndex, { type: "text_delta", text: delta.text });
    } else if (delta?.toolUse !== undefined) {
      yield this.#deltaEvent(contentBlockIndex, {
        type: "input_json_delta",
        partial_json: delta.toolUse.input ?? "",
      });
    } else if (delta?.reasoningContent !== undefined) {
      yield* this.#reasoning(delta.reasoningContent, contentBlockIndex);
    }
  }

  *#reasoning(delta: sdk.ReasoningContentBlockDelta, index: number): Generator<MessageEvent> {
    if (delta.redactedContent !== undefined) {
      const data = Buffer.from(delta.redactedContent).toString("base64");
      yield* this.#ensureBlock(index, { type: "redacted_thinking", data });
      return;
    }
    yield* this.#ensureBlock(index, { type: "thinking", thinking: "", signature: "" });
    if (delta.text !== undefined) {
      yield this.#deltaEvent(index, { type: "thinking_delta", thinking: delta.text });
    }
    if (delta.signature !== undefined) {
      yield this.#deltaEvent(index, { type: "signature_delta", signature: delta.signature });
    }
  }

  *#ensureBlock(index: number, block: ContentBlock): Generator<MessageEvent> {
    if (!this.#open.has(index)) {
      yield this.#openBlock(index, block);
    }
  }

  #openBlock(index: number, content_block: ContentBlock): MessageEvent {
    const ours = this.#count++;
    this.#open.set(index, ours);
    return { type: "content_block_start", index: ours, content_block };
  }

  #deltaEvent(index: number, delta: ContentBlock): MessageEvent {
    return { type: "content_block_delta", index: this.#open.get(index) ?? index, delta };
  }

  *#closeBlock(index: number): Generator<MessageEvent> {
    const ours = this.#open.get(index);
    if (ours !== undefined) {
      this.#open.delete(index);
      yield { type: "content_block_stop", index: ours };
    }
  }
}
