/**
 * The conversation as the model sees it: its scripts are calls of one tool, and what they printed is the result.
 *
 * Guarantees: calls that scripts made and their results never appear; thinking blocks and their signatures are handed on
 * untouched and in order; the same history always gives the same text, so that prompt caches hold; a caching marker on
 * a block that does not appear moves to the next result that does; a message of the system never comes between a call and
 * its result.
 */
import type { ContentBlock, ModelMessage } from "../../model/model.ts";
import type { Steps } from "../../turn-share.ts";
import {
  type Block,
  callerIdOf,
  CODE_RESULT,
  CODE_TOOL,
  isCodeUse,
  toBlocks,
} from "../conversation/blocks.ts";
import type { RequestBody } from "../request/body-schema.ts";
import { toModelUseId } from "./use-ids.ts";
import { toModelResult } from "./result-text.ts";

interface Rendering {
  readonly messages: { role: ModelMessage["role"]; content: ContentBlock[] }[];
  /** Messages of the system that wait until the turn of the user before them is whole. */
  waiting: ContentBlock[][];
  /** Ids of calls that scripts made. */
  readonly programmatic: Set<string>;
  /** A caching marker that has lost its block. */
  marker: unknown;
}

/** Renders a history that `readHistory` has accepted. */
export function* renderHistory(messages: RequestBody["messages"]): Steps<ModelMessage[]> {
  const rendering: Rendering = { messages: [], waiting: [], programmatic: new Set(), marker: undefined };
  for (const { role, content } of messages) {
    if (role === "system") {
      rendering.waiting.push([...toBlocks(content)]);
      continue;
    }
    for (const block of toBlocks(content)) {
      renderBlock(role, block, rendering);
      yield;
    }
  }
  placeWaiting(rendering);
  // After an assistant's turn only the model can say whether it takes them.
  for (const content of rendering.waiting) rendering.messages.push({ role: "system", content });
  return rendering.messages;
}

/** After a turn of the user, as models want it. */
function placeWaiting(rendering: Rendering): void {
  const { messages, waiting } = rendering;
  if (waiting.length === 0 || messages.at(-1)?.role !== "user") return;
  for (const content of waiting) messages.push({ role: "system", content });
  rendering.waiting = [];
}

function renderBlock(role: "user" | "assistant", block: Block, rendering: Rendering): void {
  const executionId = block.type === "tool_use" ? callerIdOf(block) : undefined;
  if (executionId !== undefined) {
    rendering.programmatic.add(String(block["id"]));
    keepMarker(block, rendering);
  } else if (block.type === "tool_result" && rendering.programmatic.has(String(block["tool_use_id"]))) {
    keepMarker(block, rendering);
  } else if (block.type === "tool_result") append("user", block, rendering);
  else if (isCodeUse(block)) append("assistant", toModelUse(block), rendering);
  else if (block.type === CODE_RESULT) append("user", withMarker(toModelResult(block), rendering), rendering);
  else if (!isEmptyText(role, block)) append(role, withoutCaller(block), rendering);
}

function append(role: "user" | "assistant", block: ContentBlock, rendering: Rendering): void {
  if (block.type !== "tool_result") placeWaiting(rendering);
  const { messages } = rendering;
  const last = messages.at(-1);
  if (last?.role === role) last.content.push(block);
  else messages.push({ role, content: [block] });
}

function keepMarker(block: Block, rendering: Rendering): void {
  if (block["cache_control"] !== undefined && block["cache_control"] !== null) {
    rendering.marker = block["cache_control"];
  }
}

function withMarker(block: ContentBlock, rendering: Rendering): ContentBlock {
  const { marker } = rendering;
  rendering.marker = undefined;
  return marker === undefined || block["cache_control"] !== undefined
    ? block
    : { ...block, cache_control: marker };
}

function toModelUse({ id, input, cache_control: marker }: Block): ContentBlock {
  return {
    type: "tool_use",
    id: toModelUseId(String(id)),
    name: CODE_TOOL,
    input,
    ...(marker === undefined || marker === null ? {} : { cache_control: marker }),
  };
}

/** Models refuse empty texts, which streams can leave behind in an assistant's message. */
function isEmptyText(role: string, block: Block): boolean {
  return role === "assistant" && block.type === "text" && block["text"] === "";
}

function withoutCaller(block: Block): ContentBlock {
  if (!("caller" in block)) return block;
  const { caller: _settled, ...rest } = block;
  return rest;
}
