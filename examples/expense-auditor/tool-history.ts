/**
 * Reads what the tools were asked and what they answered out of a request's messages.
 */
import type { ContentBlock, ModelRequest } from "../../src/model/model.ts";

/** One use of a tool with its result. */
export interface ToolUseRecord {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly result: string;
  readonly isError: boolean;
}

/** Every answered tool use of the conversation, oldest first; a use is matched to its result by id. */
export function readToolHistory({ messages }: ModelRequest): readonly ToolUseRecord[] {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const results = new Map(
    blocks.filter(({ type }) => type === "tool_result").map((block) => [block["tool_use_id"], block]),
  );
  return blocks
    .filter(({ type }) => type === "tool_use")
    .flatMap((block) => {
      const result = results.get(block["id"]);
      return result === undefined ? [] : [toRecord(block, result)];
    });
}

function toRecord(use: ContentBlock, result: ContentBlock): ToolUseRecord {
  return {
    name: String(use["name"]),
    input: use["input"] as Readonly<Record<string, unknown>>,
    result: toText(result["content"]),
    isError: result["is_error"] === true,
  };
}

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as readonly ContentBlock[])
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("");
}
