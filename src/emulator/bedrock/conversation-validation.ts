/**
 * Checks what a conversation must hold together: the first message is the user's, and each tool call has its result in
 * the very next message. The words are those of the Messages API.
 */
import { shorten } from "../../errors.ts";
import type { ContentBlock, ModelMessage, ModelRequest } from "../../model/model.ts";
import { AwsHttpError } from "../aws-http/aws-error.ts";

/** Characters of ids that an answer names. */
const MAX_IDS_CHARACTERS = 1000;

/** @throws {AwsHttpError} 400 `ValidationException` */
export function checkConversation(request: ModelRequest): void {
  const messages = mergeNeighbours(request.messages.filter(({ role }) => role !== "system"));
  if (messages[0]?.role !== "user") {
    throw invalid('messages: first message must use the "user" role');
  }
  for (const [index, message] of messages.entries()) {
    const asked = idsOf(message.content, "tool_use", "id");
    const given = idsOf(message.content, "tool_result", "tool_use_id");
    const answered = idsOf(messages[index + 1]?.content ?? [], "tool_result", "tool_use_id");
    const known = idsOf(messages[index - 1]?.content ?? [], "tool_use", "id");
    const missing = [...asked].filter((id) => !answered.has(id));
    if (missing.length > 0) {
      throw invalid(
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${shorten(missing.join(", "), MAX_IDS_CHARACTERS)}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const unexpected = [...given].find((id) => !known.has(id));
    if (unexpected !== undefined) {
      throw invalid(
        `messages.${index}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${shorten(unexpected, MAX_IDS_CHARACTERS)}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
  }
}

/** Neighbours of one role are one turn for the API. */
function mergeNeighbours(messages: readonly ModelMessage[]): { role: string; content: ContentBlock[] }[] {
  const merged: { role: string; content: ContentBlock[] }[] = [];
  for (const message of messages) {
    const blocks = typeof message.content === "string" ? [] : message.content;
    const last = merged.at(-1);
    if (last?.role === message.role) {
      for (const block of blocks) last.content.push(block);
    } else {
      merged.push({ role: message.role, content: [...blocks] });
    }
  }
  return merged;
}

function idsOf(blocks: readonly ContentBlock[], type: string, key: string): ReadonlySet<string> {
  return new Set(blocks.filter((block) => block.type === type).map((block) => String(block[key])));
}

function invalid(message: string): AwsHttpError {
  return new AwsHttpError(400, "ValidationException", message);
}
