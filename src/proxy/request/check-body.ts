/**
 * Walks a body and checks it part by part, before anything reads it.
 *
 * Guarantees: after it the body has the shape of `RequestBody`; the first problem ends it, in the Messages API's own
 * words, so that a million wrong items cost what one costs; a step is short, however long a list is.
 */
import type { Steps } from "../../turn-share.ts";
import { invalidRequest } from "../errors/api-error.ts";
import {
  blockShape,
  blockShapes,
  countBodyShape,
  MAX_MESSAGES,
  MAX_TOOLS,
  messageBodyShape,
  messageShape,
  type RequestBlock,
  type RequestBody,
  type RequestContent,
  stopSequenceShape,
  toolShape,
} from "./body-schema.ts";
import { CODE_RESULT } from "../conversation/blocks.ts";
import { checkSupportedBlock } from "./check-supported.ts";
import { inside, isObject, type Shape, toProblemText } from "./shape.ts";

/** Checks everything but tools and what blocks hold. @throws {ApiError} `invalid_request_error` */
export function* checkBody(
  value: unknown,
  { countsTokens }: { readonly countsTokens: boolean },
): Steps<RequestBody> {
  checkMessageCount(value);
  check(countsTokens ? countBodyShape : messageBodyShape, value, "");
  const body = value as RequestBody;
  for (const [at, message] of body.messages.entries()) {
    check(messageShape, message, `messages.${at}`);
    yield* checkContent(message.content, `messages.${at}.content`);
    yield;
  }
  yield* checkContent(body.system ?? "", "system");
  const tools = body.tools ?? [];
  if (tools.length > MAX_TOOLS) {
    throw invalidRequest(
      `tools: List should have at most ${MAX_TOOLS} items after validation, not ${tools.length}`,
    );
  }
  yield* checkItems(tools, toolShape, "tools");
  yield* checkItems(body.stop_sequences ?? [], stopSequenceShape, "stop_sequences");
  return body;
}

/**
 * Checks what the messages' blocks hold. Output of a script beyond `maxOutputCharacters` was never made here.
 *
 * @throws {ApiError} `invalid_request_error`
 */
export function* checkBlocks({ messages }: RequestBody, maxOutputCharacters: number): Steps<void> {
  for (const [at, { content }] of messages.entries()) {
    if (typeof content === "string") continue;
    for (const [index, block] of content.entries()) {
      const path = `messages.${at}.content.${index}`;
      yield* checkBlock(block, path);
      if (block.type === CODE_RESULT) checkOutput(block, path, maxOutputCharacters);
    }
  }
}

/** Items of one shape. @throws {ApiError} `invalid_request_error` */
export function* checkItems(items: readonly unknown[], shape: Shape, path: string): Steps<void> {
  for (const [at, item] of items.entries()) {
    const problem = shape(item);
    if (problem !== undefined) throw invalidRequest(toProblemText(inside(at, problem), path));
    yield;
  }
}

/** @throws {ApiError} `invalid_request_error` */
export function check(shape: Shape, value: unknown, path: string): void {
  const problem = shape(value);
  if (problem !== undefined) throw invalidRequest(toProblemText(problem, path));
}

/** Before anything else: a list that is too long is not worth walking. */
function checkMessageCount(value: unknown): void {
  const messages = isObject(value) ? value["messages"] : undefined;
  if (!Array.isArray(messages)) return;
  if (messages.length === 0) throw invalidRequest("messages: at least one message is required");
  if (messages.length > MAX_MESSAGES) {
    throw invalidRequest(
      `messages: List should have at most ${MAX_MESSAGES} items after validation, not ${messages.length}`,
    );
  }
}

function* checkContent(content: RequestContent, path: string): Steps<void> {
  if (typeof content !== "string") yield* checkItems(content, blockShape, path);
}

function checkOutput({ content }: RequestBlock, path: string, maxCharacters: number): void {
  const { stdout, stderr } = content as { readonly stdout?: string; readonly stderr?: string };
  const characters = (stdout ?? "").length + (stderr ?? "").length;
  if (characters <= maxCharacters) return;
  throw invalidRequest(
    `${path}.${CODE_RESULT}.content: Output should have at most ${maxCharacters} characters, not ${characters}`,
  );
}

function* checkBlock(block: RequestBlock, path: string): Steps<void> {
  checkSupportedBlock(block, path);
  const { type } = block;
  const shape = Object.hasOwn(blockShapes, type) ? blockShapes[type] : undefined;
  if (shape !== undefined) check(shape, block, `${path}.${type}`);
  yield;
  if (type !== "tool_result" || !Array.isArray(block["content"])) return;
  for (const [index, inner] of (block["content"] as RequestBlock[]).entries()) {
    const innerPath = `${path}.${type}.content.${index}`;
    check(blockShape, inner, innerPath);
    checkSupportedBlock(inner, innerPath);
    yield;
  }
}
