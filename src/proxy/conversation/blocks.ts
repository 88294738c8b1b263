/**
 * The blocks of programmatic tool calling, as they are named on the wire.
 */
import type { ContentBlock } from "../../model/model.ts";

/** Name of the tool, of its `server_tool_use` blocks, and of the tool that the model sees. */
export const CODE_TOOL = "code_execution";
/** Type of the block that carries a script's result. */
export const CODE_RESULT = "code_execution_tool_result";

/** A content block. */
export type Block = ContentBlock;

/** The blocks of a message; a string is one text block. */
export function toBlocks(content: string | readonly object[]): readonly Block[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : (content as readonly Block[]);
}

/** Id of the script that made a call; undefined for a call that the model made itself. */
export function callerIdOf(block: Block): string | undefined {
  const { caller } = block;
  if (typeof caller !== "object" || caller === null) return undefined;
  const { type, tool_id: id } = caller as { type?: unknown; tool_id?: unknown };
  return type === "direct" || typeof id !== "string" ? undefined : id;
}

/** Whether a block is the model's own call of the code tool. */
export function isCodeUse(block: Block): boolean {
  return block.type === "server_tool_use" && block["name"] === CODE_TOOL;
}
