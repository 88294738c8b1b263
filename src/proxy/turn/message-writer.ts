/**
 * Writes one assistant message as events: the envelope once, blocks in a row with growing indexes, the end once.
 *
 * Streaming and plain responses both come from these events, so the two can never differ. A block that is known before
 * the message has begun is held back until it does: whether a model was sampled decides how it begins.
 */
import type { ContentBlock, MessageEvent, ModelResponse, ModelUsage } from "../../model/model.ts";
import { createId } from "../ids.ts";
import { addUsage, NO_USAGE } from "./usage.ts";

/** How responses that needed no sample are streamed. */
export type UnsampledStream = "events" | "prefilled";

/** `container` of a response. */
export interface ContainerInfo {
  readonly id: string;
  /** ISO 8601. */
  readonly expires_at: string;
  readonly skills: null;
}

/** What ends a message. */
export interface MessageEnd {
  /** The last `message_delta` of the model, or what stands for it. */
  readonly delta: Readonly<Record<string, unknown>> & { readonly stop_reason: string | null };
  readonly container: ContainerInfo | undefined;
}

/** Writes one message. */
export class MessageWriter {
  readonly #modelName: string;
  readonly #unsampled: UnsampledStream;
  readonly #held: ContentBlock[] = [];
  #started = false;
  #nextIndex = 0;
  #usage: ModelUsage | undefined;

  constructor(modelName: string, unsampled: UnsampledStream) {
    this.#modelName = modelName;
    this.#unsampled = unsampled;
  }

  /** Begins the message with a sample's own envelope; of later samples nothing is written. */
  *begin(message: ModelResponse): Generator<MessageEvent> {
    if (this.#started) return;
    this.#started = true;
    const model = message.model === "" ? this.#modelName : message.model;
    yield { type: "message_start", message: { ...message, model, content: [], container: null } };
    for (const block of this.#held.splice(0)) yield* this.block(block);
  }

  /** Writes a whole block, or holds it back. */
  *block(block: ContentBlock): Generator<MessageEvent> {
    if (!this.#started) {
      this.#held.push(block);
      return;
    }
    const index = this.openBlock();
    yield { type: "content_block_start", index, content_block: block };
    yield { type: "content_block_stop", index };
  }

  /** Index of a block whose events the caller writes itself. */
  openBlock(): number {
    const index = this.#nextIndex;
    this.#nextIndex += 1;
    return index;
  }

  /** Adds the tokens of a sample. */
  addUsage(usage: ModelUsage): void {
    this.#usage = this.#usage === undefined ? usage : addUsage(this.#usage, usage);
  }

  /** Ends the message. */
  *end({ delta, container }: MessageEnd): Generator<MessageEvent> {
    if (!this.#started && this.#unsampled === "prefilled") {
      yield {
        type: "message_start",
        message: this.#unsampledMessage(this.#held.splice(0), delta, container),
      };
      yield { type: "message_stop" };
      return;
    }
    if (!this.#started) yield* this.begin(this.#unsampledMessage([], { stop_reason: null }, undefined));
    yield {
      type: "message_delta",
      delta: {
        stop_sequence: null,
        stop_details: null,
        ...delta,
        ...(container === undefined ? {} : { container }),
      },
      usage: this.#usage ?? NO_USAGE,
    };
    yield { type: "message_stop" };
  }

  #unsampledMessage(
    content: readonly ContentBlock[],
    delta: MessageEnd["delta"],
    container: ContainerInfo | undefined,
  ): ModelResponse {
    return {
      id: createId("msg"),
      type: "message",
      role: "assistant",
      model: this.#modelName,
      content,
      container: container ?? null,
      stop_sequence: null,
      stop_details: null,
      ...delta,
      usage: NO_USAGE,
    };
  }
}
