/**
 * Content blocks of the Messages API as those of Converse.
 *
 * What Converse has no form for is an error that names the place, never a silent loss. Blank texts are left out, because
 * Converse refuses them. A `cache_control` becomes a cache point behind its block.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { isRecord } from "../is-record.ts";
import type { ContentBlock } from "../model.ts";
import { toCachePoint, type Cacheable } from "./converse-cache.ts";
import type { ConverseContext, Harmless } from "./converse-context.ts";
import { cannotExpress } from "./converse-context.ts";
import { toConverseName } from "./converse-names.ts";
import { toDocument, toImage, toSearchResult } from "./converse-sources.ts";

/** Stands in for a tool result without content, which Converse refuses. */
const EMPTY_RESULT = "(no output)";

/** Keys of each block that are carried. */
const BLOCK_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["type", "text", "cache_control"]),
  tool_use: new Set(["type", "id", "name", "input", "cache_control"]),
  tool_result: new Set(["type", "tool_use_id", "content", "is_error", "cache_control"]),
  thinking: new Set(["type", "thinking", "signature"]),
  redacted_thinking: new Set(["type", "data"]),
  image: new Set(["type", "source", "cache_control"]),
  document: new Set(["type", "source", "title", "context", "citations", "cache_control"]),
  search_result: new Set(["type", "source", "title", "content", "citations", "cache_control"]),
};

/** What an earlier answer brought along and nobody asks for: left out without a word. */
const OF_AN_ANSWER: Harmless = { caller: "", citations: "", parsed_output: "", toolset_name: "" };

/** A block, with a cache point behind it when it is marked; nothing when Converse refuses it as blank. */
export function toConverseBlock(
  block: ContentBlock,
  path: string,
  context: ConverseContext,
): sdk.ContentBlock[] {
  const converted = toBareBlock(block, path, context);
  if (converted === undefined) return [];
  const kind: Cacheable = block.type === "text" ? "text" : "block";
  return withCachePoint(converted, markerOf(block), path, kind, context);
}

/** `item`, and a cache point behind it when it is marked. */
export function withCachePoint<T extends object>(
  item: T,
  marker: unknown,
  path: string,
  kind: Cacheable,
  context: ConverseContext,
): (T | { cachePoint: sdk.CachePointBlock })[] {
  const cachePoint = toCachePoint(marker, `${path}.cache_control`, kind, context);
  return cachePoint === undefined ? [item] : [item, { cachePoint }];
}

/** The marker of a block. Inside a result Converse has no place for one: the end of the result caches the same and more. */
function markerOf(block: ContentBlock): unknown {
  const { cache_control: own, content } = block;
  if (isRecord(own) || block.type !== "tool_result" || !Array.isArray(content)) return own;
  const inner: readonly unknown[] = content;
  const marked = inner.findLast((one) => isRecord(one) && isRecord(one["cache_control"]));
  return isRecord(marked) ? marked["cache_control"] : own;
}

function toBareBlock(
  block: ContentBlock,
  path: string,
  context: ConverseContext,
): sdk.ContentBlock | undefined {
  const keys = Object.hasOwn(BLOCK_KEYS, block.type) ? BLOCK_KEYS[block.type] : undefined;
  if (keys === undefined) throw cannotExpress(`content blocks of type "${block.type}"`, path, context.family);
  context.checkKeys(block, keys, path, OF_AN_ANSWER);
  switch (block.type) {
    case "text": {
      const text = textAt(block, "text");
      return text.trim() === "" ? undefined : { text };
    }
    case "tool_use":
      return {
        toolUse: {
          toolUseId: toConverseName(textAt(block, "id")),
          name: toConverseName(textAt(block, "name")),
          input: (block["input"] ?? {}) as sdk.ToolUseBlock["input"],
        },
      };
    case "tool_result":
      return { toolResult: toToolResult(block, path, context) };
    case "thinking":
      return { reasoningContent: { reasoningText: toReasoningText(block) } };
    case "redacted_thinking":
      return { reasoningContent: { redactedContent: Buffer.from(textAt(block, "data"), "base64") } };
    case "image":
      return { image: toImage(block, path) };
    case "document":
      return { document: toDocument(block, path, context) };
    default:
      return { searchResult: toSearchResult(block, path) };
  }
}

function toReasoningText(block: ContentBlock): sdk.ReasoningTextBlock {
  const signature = textAt(block, "signature");
  return { text: textAt(block, "thinking"), ...(signature === "" ? {} : { signature }) };
}

function toToolResult(block: ContentBlock, path: string, context: ConverseContext): sdk.ToolResultBlock {
  const content = toResultContent(block["content"], `${path}.content`, context);
  return {
    toolUseId: toConverseName(textAt(block, "tool_use_id")),
    content: content.length === 0 ? [{ text: EMPTY_RESULT }] : content,
    ...(block["is_error"] === true ? { status: "error" as const } : {}),
  };
}

/** Blocks that Converse takes inside a result. */
const RESULT_BLOCKS: ReadonlySet<string> = new Set(["text", "image", "document", "search_result"]);

function toResultContent(
  content: unknown,
  path: string,
  context: ConverseContext,
): sdk.ToolResultContentBlock[] {
  if (typeof content === "string") {
    return content.trim() === "" ? [] : [{ text: content }];
  }
  const blocks = Array.isArray(content) ? (content as ContentBlock[]) : [];
  return blocks.flatMap((block, at): sdk.ToolResultContentBlock[] => {
    const here = `${path}.${at}`;
    if (!RESULT_BLOCKS.has(block.type)) {
      throw cannotExpress(`tool result blocks of type "${block.type}"`, here, context.family);
    }
    const converted = toBareBlock(block, here, context);
    return converted === undefined ? [] : [converted as sdk.ToolResultContentBlock];
  });
}

function textAt(block: ContentBlock, key: string): string {
  const value = block[key];
  return typeof value === "string" ? value : "";
}
