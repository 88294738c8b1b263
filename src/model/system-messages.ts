/**
 * Messages of the system in the middle of a conversation, for models that take none there: their text becomes part of a
 * turn of the user.
 *
 * Guarantees: the same conversation always gives the same blocks, so that prompt caches hold; a text never comes between
 * a call and its result, and a caching marker stays on its block.
 */
import type { Steps } from "../turn-share.ts";
import type { ContentBlock, ModelMessage } from "./model.ts";

/** Folds them into the turn of the user before them; where there is none, into the next. The same list when there are none. */
export function* foldSystemMessages(messages: readonly ModelMessage[]): Steps<readonly ModelMessage[]> {
  if (messages.every(({ role }) => role !== "system")) return messages;
  const folded: { role: "user" | "assistant"; content: ModelMessage["content"] }[] = [];
  let waiting: ContentBlock[] = [];
  for (const { role, content } of messages) {
    yield;
    const last = folded.at(-1);
    if (role !== "system") {
      folded.push({ role, content: role === "user" ? withTexts(content, waiting) : content });
      if (role === "user") waiting = [];
    } else if (last?.role === "user") last.content = [...toBlocks(last.content), ...toTexts(content)];
    else waiting = [...waiting, ...toTexts(content)];
  }
  if (waiting.length > 0) folded.push({ role: "user", content: waiting });
  return folded;
}

/** The results that a turn of the user begins with stay next to their calls. */
function withTexts(
  content: ModelMessage["content"],
  texts: readonly ContentBlock[],
): ModelMessage["content"] {
  if (texts.length === 0) return content;
  const blocks = toBlocks(content);
  const firstOther = blocks.findIndex(({ type }) => type !== "tool_result");
  const at = firstOther === -1 ? blocks.length : firstOther;
  return [...blocks.slice(0, at), ...texts, ...blocks.slice(at)];
}

/** In tags, so that the model can tell it from what the user says. */
function toTexts(content: ModelMessage["content"]): ContentBlock[] {
  return toBlocks(content).map((block) =>
    block.type === "text" ? { ...block, text: `<system>\n${String(block["text"])}\n</system>` } : block,
  );
}

function toBlocks(content: ModelMessage["content"]): readonly ContentBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}
