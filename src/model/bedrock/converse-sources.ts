/**
 * Images, documents and search results of the Messages API as those of Converse.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { isRecord } from "../is-record.ts";
import type { ContentBlock } from "../model.ts";
import { cannotExpress, type ConverseContext } from "./converse-context.ts";

const IMAGE_FORMATS: Readonly<Record<string, sdk.ImageFormat>> = {
  "image/png": "png",
  "image/jpeg": "jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
};

/** @throws {ToolscriptError} `model-request` for an image that is not in the request itself */
export function toImage(block: ContentBlock, path: string): sdk.ImageBlock {
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

/** @throws {ToolscriptError} `model-request` for a document that is neither a PDF in the request nor a text */
export function toDocument(block: ContentBlock, path: string, context: ConverseContext): sdk.DocumentBlock {
  const source = isRecord(block["source"]) ? block["source"] : {};
  const shared = {
    name: context.documentNames.take(toName(block["title"], path)),
    ...(typeof block["context"] === "string" && block["context"] !== "" ? { context: block["context"] } : {}),
    ...toCitations(block),
  };
  if (source["type"] === "base64" && source["media_type"] === "application/pdf") {
    return { ...shared, format: "pdf", source: { bytes: fromBase64(String(source["data"])) } };
  }
  if (source["type"] === "text") {
    return { ...shared, format: "txt", source: { bytes: Buffer.from(String(source["data"])) } };
  }
  throw cannotExpress(`documents with source "${String(source["type"])}"`, path, context.family);
}

/** Converse takes letters, digits, single spaces, hyphens and brackets in a name. */
function toName(title: unknown, path: string): string {
  const name = toText(title)
    .replaceAll(/[^a-zA-Z0-9 ()[\]-]+/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
  return name === "" ? `document ${path.replaceAll(/[^0-9]+/g, " ").trim()}` : name;
}

/** @throws {ToolscriptError} `model-request` for content that is no text */
export function toSearchResult(block: ContentBlock, path: string): sdk.SearchResultBlock {
  const content = Array.isArray(block["content"]) ? (block["content"] as ContentBlock[]) : [];
  return {
    source: toText(block["source"]),
    title: toText(block["title"]),
    content: content.map(({ type, text }, at) => {
      if (type !== "text" || typeof text !== "string") {
        throw cannotExpress(`search results with blocks of type "${type}"`, `${path}.content.${at}`);
      }
      return { text };
    }),
    ...toCitations(block),
  };
}

function toCitations(block: ContentBlock): { citations?: sdk.CitationsConfig } {
  const { citations } = block;
  return isRecord(citations) && citations["enabled"] === true ? { citations: { enabled: true } } : {};
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
