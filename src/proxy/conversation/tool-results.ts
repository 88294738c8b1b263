/**
 * What a client may answer to the calls of a script: text, and nothing beside it in the message.
 */
import { invalidRequest } from "../errors/api-error.ts";
import { type Block, CODE_RESULT, CODE_TOOL } from "./blocks.ts";

/** @throws {ApiError} when a message holds more than results while the script `pending` waits */
export function checkExtras(blocks: readonly Block[], pending: string | undefined): void {
  if (pending === undefined || blocks.every((block) => block.type === "tool_result")) return;
  throw invalidRequest(
    `\`${CODE_TOOL}\` tool use with id \`${pending}\` was found without a corresponding \`${CODE_RESULT}\` block`,
  );
}

/** @throws {ApiError} when the result of a script's call is not text */
export function checkResultContent(block: Block, path: () => string): void {
  const { content } = block;
  if (!Array.isArray(content)) return;
  for (const [index, part] of (content as Block[]).entries()) {
    if (part.type === "text" && typeof part["text"] === "string") continue;
    throw invalidRequest(
      `${path()}.tool_result.content.${index}: Results of programmatic tool calls can only hold \`text\` blocks, found "${part.type}"`,
    );
  }
}

/** The text that the script gets. */
export function toResultText({ content }: Block): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as Block[]).map((part) => String(part["text"])).join("");
}
