/**
 * The mark of a tool input that is not whole JSON, because the answer was cut at `max_tokens` or the model wrote it badly.
 *
 * Shape: the block's `input` is `{}`, and the raw text stands under a symbol, so that it never travels in a later
 * request and a copy by spread keeps it.
 */
import type { ContentBlock } from "./model.ts";

const INCOMPLETE_INPUT = Symbol.for("toolscript.incomplete-input");

/**
 * The raw text of a block's input when it is not whole JSON; undefined when the input is complete.
 *
 * Ask this before running anything: the `input` of an incomplete block is `{}`, and what the model meant is unknown.
 */
export function incompleteInputOf(block: ContentBlock): string | undefined {
  const raw: unknown = Reflect.get(block, INCOMPLETE_INPUT);
  return typeof raw === "string" ? raw : undefined;
}

/** The block with the input that `json` holds, or marked as incomplete when `json` cannot be parsed. */
export function withInputJson(block: object, json: string): ContentBlock {
  try {
    return { ...block, input: JSON.parse(json) as unknown } as unknown as ContentBlock;
  } catch {
    // Not an error of ours: the block says that its input is incomplete.
    return { ...block, input: {}, [INCOMPLETE_INPUT]: json } as unknown as ContentBlock;
  }
}
