/**
 * Content blocks of the Messages API as those of Converse.
 *
 * What Converse has no form for is an error that names the place, never a silent loss. Blank texts are left out, because
 * Converse refuses them. A `cache_control` becomes a cache point behind its block.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { ToolscriptError } from "../../errors.ts";
import { isRecord } from "../is-record.ts";
import type { ContentBlock } from "../model.ts";
import { toConverseName } from "./converse-names.ts";

/** Stands in for a tool result without content, which Converse refuses. */
const EMPTY_RESULT = "(no output)";

/** The error for something that Converse cannot carry. */
export function cannotExpress(what: string, path: string): ToolscriptError {
  return new ToolscriptError(
    "model-request",
    `Cannot call the model over Converse: it has no form for ${what} at "${path}"; remove it or use a Claude model with "api" set to "invoke"`,
  );
}

/** A block, with a cache point behind it when it is marked; nothing when Converse refuses it as blank. */
export function toConverseBlock(
  block: ContentBlock,
  path: string,
  names: DocumentNames = new DocumentNames(),
): sdk.ContentBlock[] {
  const converted = toBareBlock(block, path, names);
  return converted === undefined ? [] : withCachePoint(converted, block["cache_control"]);
}

/** `item`, and a cache point behind it when it is marked. */
export function withCachePoint<T extends object>(
  item: T,
  cacheControl: unknown,
): (T | { cachePoint: sdk.CachePointBlock })[] {
  if (!isRecord(cacheControl)) {
    return [item];
  }
  const ttl = cacheControl["ttl"];
  const isTtl = ttl === "5m" || ttl === "1h";
  return [item, { cachePoint: { type: "default", ...(isTtl ? { ttl } : {}) } }];
}

function toBareBlock(block: ContentBlock, path: string, names: DocumentNames): sdk.ContentBlock | undefined {
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
      return { toolResult: toToolResult(block, path, names) };
    case "thinking":
      return { reasoningContent: { reasoningText: toReasoningText(block) } };
    case "redacted_thinking":
      return { reasoningContent: { redactedContent: fromBase64(textAt(block, "data")) } };
    case "image":
      return { image: toImage(block, path) };
    case "document":
      return { document: toDocument(block, path, names) };
    case "search_result":
      return { searchResult: toSearchResult(block) };
    default:
      throw cannotExpress(`content blocks of type "${block.type}"`, path);
  }
}

function toReasoningText(block: ContentBlock): sdk.ReasoningTextBlock {
  const signature = textAt(block, "signature");
  return { text: textAt(block, "thinking"), ...(signature === "" ? {} : { signature }) };
}

function toToolResult(block: ContentBlock, path: string, names: DocumentNames): sdk.ToolResultBlock {
  const content = toResultContent(block["content"], `${path}.content`, names);
  return {
    toolUseId: toConverseName(textAt(block, "tool_use_id")),
    content: content.length === 0 ? [{ text: EMPTY_RESULT }] : content,
    ...(block["is_error"] === true ? { status: "error" as const } : {}),
  };
}

function toResultContent(content: unknown, path: string, names: DocumentNames): sdk.ToolResultContentBlock[] {
  if (typeof content === "string") {
    return content.trim() === "" ? [] : [{ text: content }];
  }
  const blocks = Array.isArray(content) ? (content as ContentBlock[]) : [];
  return blocks.flatMap((block, at): sdk.ToolResultContentBlock[] => {
    const here = `${path}.${at}`;
    switch (block.type) {
      case "text":
        return textAt(block, "text").trim() === "" ? [] : [{ text: textAt(block, "text") }];
      case "image":
        return [{ image: toImage(block, here) }];
      case "document":
        return [{ document: toDocument(block, here, names) }];
      case "search_result":
        return [{ searchResult: toSearchResult(block) }];
      default:
        throw cannotExpress(`tool result blocks of type "${block.type}"`, here);
    }
  });
}

const IMAGE_FORMATS: Readonly<Record<string, sdk.ImageFormat>> = {
  "image/png": "png",
  "image/jpeg": "jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
};

function toImage(block: ContentBlock, path: string): sdk.ImageBlock {
  const source = isRecord(block["source"]) ? block["source"] : {};
  const format = IMAGE_FORMATS[String(source["media_type"])];
  if (source["type"] !== "base64" || format === undefined) {
    throw cannotExpress(
      `images with source "${String(source["type"])}" and media type "${String(source["media_type"])}"`,
      path,
    );
  }
  return { format, source: { bytes: fromBase64(String(source["data"])) } };
}

/** Names of documents as Converse wants them: of few characters, and no two in a request the same. */
export class DocumentNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** A name after `wanted`; the second of a name gets a number, always the same one in the same conversation. */
  take(wanted: string): string {
    const name = wanted.slice(0, MAX_NAME_CHARS).trimEnd();
    // The service may well compare as file systems do.
    const key = name.toLowerCase();
    let count = this.#counts.get(key) ?? 1;
    let free = name;
    while (this.#taken.has(free.toLowerCase())) {
      count += 1;
      free = `${name.slice(0, MAX_NAME_CHARS - String(count).length - 3)} (${count})`;
    }
    this.#counts.set(key, count);
    this.#taken.add(free.toLowerCase());
    return free;
  }
}

/** The API reference names 200. */
const MAX_NAME_CHARS = 200;

function toDocument(block: ContentBlock, path: string, names: DocumentNames): sdk.DocumentBlock {
  const source = isRecord(block["source"]) ? block["source"] : {};
  // Converse takes letters, digits, single spaces, hyphens and brackets in a name.
  const title = textAt(block, "title")
    .replaceAll(/[^a-zA-Z0-9 ()[\]-]+/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
  const shared = {
    name: names.take(title === "" ? `document ${path.replaceAll(/[^0-9]+/g, " ").trim()}` : title),
    ...(textAt(block, "context") === "" ? {} : { context: textAt(block, "context") }),
    ...(isRecord(block["citations"]) && block["citations"]["enabled"] === true
      ? { citations: { enabled: true } }
      : {}),
  };
  if (source["type"] === "base64" && source["media_type"] === "application/pdf") {
    return { ...shared, format: "pdf", source: { bytes: fromBase64(String(source["data"])) } };
  }
  if (source["type"] === "text") {
    return { ...shared, format: "txt", source: { bytes: Buffer.from(String(source["data"])) } };
  }
  throw cannotExpress(`documents with source "${String(source["type"])}"`, path);
}

function toSearchResult(block: ContentBlock): sdk.SearchResultBlock {
  const content = Array.isArray(block["content"]) ? (block["content"] as ContentBlock[]) : [];
  return {
    source: textAt(block, "source"),
    title: textAt(block, "title"),
    content: content.map((part) => ({ text: textAt(part, "text") })),
  };
}

function textAt(block: ContentBlock, key: string): string {
  const value = block[key];
  return typeof value === "string" ? value : "";
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
