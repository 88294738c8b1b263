/**
 * The model's requests to use a tool, and the answers to them, as blocks of the conversation.
 */
import type { ContentBlock, ModelResponse } from "../model/model.ts";

/** A `tool_use` block of an answer. */
export interface ToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** The block itself. */
  readonly block: ContentBlock;
}

/** The `tool_use` blocks of an answer, in order. */
export function findToolUses(response: ModelResponse): readonly ToolUse[] {
  return response.content
    .filter(({ type }) => type === "tool_use")
    .map((block) => ({
      id: String(block["id"]),
      name: String(block["name"]),
      input: block["input"],
      block,
    }));
}

/** What the model is told about one use of a tool. */
export interface ToolUseAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** The `tool_result` block that answers `use`. */
export function toToolResult(use: ToolUse, { text, isError }: ToolUseAnswer): ContentBlock {
  const block = { type: "tool_result", tool_use_id: use.id, content: text };
  return isError ? { ...block, is_error: true } : block;
}
