/**
 * Samples the model once within a turn: its events go on to the client as they come, its calls are sorted.
 *
 * A call of the code tool travels as `server_tool_use`, a call of a client's tool with the caller `direct`. A call that
 * the model must not make itself is kept from the client: the model gets an error and is sampled again.
 */
import { MessageAccumulator } from "../../model/accumulate.ts";
import { incompleteInputOf } from "../../model/incomplete-input.ts";
import type { ContentBlock, MessageEvent, Model, ModelRequest, ModelResponse } from "../../model/model.ts";
import { CODE_TOOL } from "../conversation/blocks.ts";
import { createId } from "../ids.ts";
import { toClientUseId } from "../render/use-ids.ts";
import type { MessageWriter } from "./message-writer.ts";

/** What a sample needs. */
export interface SampleContext {
  readonly model: Model;
  readonly request: ModelRequest;
  readonly writer: MessageWriter;
  readonly directNames: ReadonlySet<string>;
  /** Ids of all tool uses so far; fresh ones are added. */
  readonly ids: Set<string>;
  readonly signal: AbortSignal;
  /** Called when the model begins to write a script. */
  readonly onScript: () => void;
}

/** A script that the model wrote. */
export interface WrittenScript {
  readonly id: string;
  readonly input: unknown;
}

/** What a sample came to. */
export interface Sample {
  readonly response: ModelResponse;
  /** The answer as the client has it, and calls that were kept from it. */
  readonly content: readonly ContentBlock[];
  readonly scripts: readonly WrittenScript[];
  /** Whether a call waits for the client. */
  readonly hasDirect: boolean;
  /** Calls that were kept from the client. */
  readonly refused: readonly ContentBlock[];
}

/** How one block of the model travels. */
interface Passage {
  /** Index in the client's message; undefined when the block is kept from the client. */
  readonly index: number | undefined;
  /** What replaces the model's own keys. */
  readonly change: Partial<ContentBlock>;
  readonly kind: "plain" | "script" | "direct" | "refused";
}

const DIRECT = { type: "direct" };

/** Samples once. @throws {ToolscriptError} what the model throws */
export async function* sampleModel(context: SampleContext): AsyncGenerator<MessageEvent, Sample> {
  const { model, request, writer, signal } = context;
  const accumulator = new MessageAccumulator();
  const passages = new Map<number, Passage>();
  for await (const event of model.stream(request, { signal })) {
    accumulator.add(event);
    if (event.type === "message_start") yield* begin(event.message, context, passages);
    else if (event.type === "ping") yield event;
    else if (event.type === "content_block_start") {
      const passage = toPassage(event.content_block, context);
      passages.set(event.index, passage);
      if (passage.index === undefined) continue;
      yield { ...event, index: passage.index, content_block: { ...event.content_block, ...passage.change } };
    } else if (event.type === "content_block_delta" || event.type === "content_block_stop") {
      const index = passages.get(event.index)?.index;
      if (index !== undefined) yield { ...event, index };
    }
  }
  const response = accumulator.finish();
  writer.addUsage(response.usage);
  return toSample(
    response,
    [...passages].toSorted(([a], [b]) => a - b).map(([, passage]) => passage),
  );
}

/** Begins the message; content that it already holds (nothing was streamed) is written as whole blocks. */
function* begin(
  message: ModelResponse,
  context: SampleContext,
  passages: Map<number, Passage>,
): Generator<MessageEvent> {
  yield* context.writer.begin(message);
  for (const [at, block] of (message.content ?? []).entries()) {
    const passage = toPassage(block, context);
    passages.set(at, passage);
    if (passage.index === undefined) continue;
    yield {
      type: "content_block_start",
      index: passage.index,
      content_block: { ...block, ...passage.change },
    };
    yield { type: "content_block_stop", index: passage.index };
  }
}

function toPassage(block: ContentBlock, context: SampleContext): Passage {
  const { writer, directNames, ids } = context;
  if (block.type !== "tool_use") {
    const change = block.type === "server_tool_use" ? { caller: DIRECT } : {};
    return { kind: "plain", index: writer.openBlock(), change };
  }
  if (block["name"] === CODE_TOOL) {
    context.onScript();
    const id = toClientUseId(String(block["id"]), ids);
    ids.add(id);
    const change = { type: "server_tool_use", id, caller: DIRECT };
    return { kind: "script", index: writer.openBlock(), change };
  }
  const id = ids.has(String(block["id"])) ? createId("toolu") : String(block["id"]);
  ids.add(id);
  if (!directNames.has(String(block["name"]))) return { kind: "refused", index: undefined, change: { id } };
  return { kind: "direct", index: writer.openBlock(), change: { id, caller: DIRECT } };
}

function toSample(response: ModelResponse, passages: readonly Passage[]): Sample {
  const content = response.content.map((block, at) => ({ ...block, ...passages[at]?.change }));
  const ofKind = (kind: Passage["kind"]): ContentBlock[] =>
    content.filter((_block, at) => passages[at]?.kind === kind);
  return {
    response,
    content,
    scripts: ofKind("script").map((block) => ({ id: String(block["id"]), input: toInput(block) })),
    hasDirect: ofKind("direct").length > 0,
    refused: ofKind("refused"),
  };
}

/** The input of a script; text that is not whole JSON is no input. */
function toInput(block: ContentBlock): unknown {
  return incompleteInputOf(block) === undefined ? block["input"] : undefined;
}
