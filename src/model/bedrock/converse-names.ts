/**
 * Names and ids in the form that Converse takes: `[a-zA-Z0-9_-]`, at most 64 characters.
 *
 * Guarantee: a name that fits stays as it is; another one is changed in the same way every time, and two different names
 * stay different. The names of one request are known both ways, so that answers carry the original ones.
 */
import { createHash } from "node:crypto";
import type { Steps } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { ModelRequest } from "../model.ts";

const MAX_LENGTH = 64;

/** A name or id that Converse takes. */
export function toConverseName(name: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    return name;
  }
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const readable = name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, MAX_LENGTH - hash.length - 1);
  return `${readable}_${hash}`;
}

/** The changed names of a request's tools → their original names. */
export function* originalNames(request: ModelRequest): Steps<ReadonlyMap<string, string>> {
  const original = new Map<string, string>();
  for (const { name } of request.tools ?? []) {
    original.set(toConverseName(name), name);
    yield;
  }
  for (const name of namesInHistory(request)) {
    original.set(toConverseName(name), name);
    yield;
  }
  return original;
}

/** The tools that the history calls, each once. */
export function namesInHistory(request: ModelRequest): string[] {
  const names = new Set<string>();
  for (const { content } of request.messages) {
    for (const block of typeof content === "string" ? [] : content) {
      if (block.type === "tool_use" && typeof block["name"] === "string") {
        names.add(block["name"]);
      }
    }
  }
  return [...names];
}

/** Whether the history holds calls or results of tools: Converse then wants a tool configuration. */
export function hasToolBlocks(request: ModelRequest): boolean {
  return request.messages.some(
    ({ content }) =>
      typeof content !== "string" &&
      content.some((block) => isRecord(block) && (block.type === "tool_use" || block.type === "tool_result")),
  );
}
