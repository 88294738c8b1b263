/**
 * What a client may answer to the calls of a script: text.
 */
import type { Steps } from "../../turn-share.ts";
import { invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import type { Block } from "./blocks.ts";

/** @throws {ApiError} when the result of a script's call is not text */
export function* checkResultContent({ content }: Block, path: () => string): Steps<void> {
  if (!Array.isArray(content)) return;
  for (const [index, part] of (content as Block[]).entries()) {
    if (part.type !== "text" || typeof part["text"] !== "string") {
      throw invalidRequest(
        `${path()}.tool_result.content.${index}: Results of programmatic tool calls can only hold \`text\` blocks, found "${quoted(part.type)}"`,
      );
    }
    yield;
  }
}

/** The text that the script gets. */
export function toResultText({ content }: Block): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as Block[]).map((part) => String(part["text"])).join("");
}
