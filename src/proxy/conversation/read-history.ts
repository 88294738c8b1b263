/**
 * Reads the history that a client re-sends: which scripts it holds, which of them wait, and with which results.
 *
 * Pairing is by id over the whole history, never by position. Every rule of the wire about ids is checked here, with the
 * wire's own words. Containers are not known here.
 */
import { invalidRequest } from "../errors/api-error.ts";
import type { RequestBody } from "../request/body-schema.ts";
import { checkExtras, checkResultContent, toResultText } from "./tool-results.ts";
import { type Block, callerIdOf, CODE_RESULT, CODE_TOOL, toBlocks } from "./blocks.ts";

/** A result of a call that a script made. */
export interface ProgrammaticResult {
  /** Id of the `tool_use`. */
  readonly id: string;
  /** Id of the script's `server_tool_use`. */
  readonly executionId: string;
  readonly text: string;
  readonly isError: boolean;
  /** Path of the block, for errors. */
  readonly path: string;
}

/** What a history says. */
export interface History {
  /** Scripts without a result, in order. */
  readonly pending: readonly string[];
  /** Results of scripts' calls in the last message. */
  readonly results: readonly ProgrammaticResult[];
  /** Every id of a tool use, so that a fresh one never repeats it. */
  readonly ids: ReadonlySet<string>;
}

/** A tool use of the message before. */
interface Use {
  readonly executionId: string | undefined;
}

interface Reading {
  readonly executions: Map<string, "pending" | "finished">;
  readonly ids: Set<string>;
  /** Uses of the assistant message just read that want a result in the next one. */
  open: Map<string, Use>;
  results: ProgrammaticResult[];
}

/** Reads a history. @throws {ApiError} `invalid_request_error` */
export function readHistory(messages: RequestBody["messages"]): History {
  const reading: Reading = { executions: new Map(), ids: new Set(), open: new Map(), results: [] };
  for (const [at, { role, content }] of messages.entries()) {
    const blocks = toBlocks(content);
    if (role === "assistant") readAssistant(blocks, at, reading);
    else readUser(blocks, at, reading);
  }
  checkAnswered(messages.length, reading);
  const pending = pendingOf(reading);
  const isAnswer = messages.at(-1)?.role === "user";
  const [first] = pending;
  if (first !== undefined && !isAnswer) throw unpaired(first);
  return { pending, results: isAnswer ? reading.results : [], ids: reading.ids };
}

function readAssistant(blocks: readonly Block[], at: number, reading: Reading): void {
  checkAnswered(at, reading);
  const before = pendingOf(reading);
  for (const [index, block] of blocks.entries()) {
    const path = `messages.${at}.content.${index}`;
    if (block.type === "server_tool_use" && block["name"] === CODE_TOOL) openExecution(block, path, reading);
    else if (block.type === CODE_RESULT) closeExecution(block, path, reading);
    else if (block.type === "tool_use") openUse(block, path, reading);
    else if (block.type === "tool_result") {
      throw invalidRequest(`${path}: \`tool_result\` blocks can only be in \`user\` messages`);
    } else checkNotBefore(before, reading);
  }
}

function openExecution(block: Block, path: string, { executions, ids }: Reading): void {
  const id = String(block["id"]);
  addId(id, path, ids);
  executions.set(id, "pending");
}

function closeExecution(block: Block, path: string, { executions }: Reading): void {
  const id = String(block["tool_use_id"]);
  if (executions.get(id) !== "pending") {
    throw invalidRequest(
      `${path}: unexpected \`tool_use_id\` found in \`${CODE_RESULT}\` blocks: ${id}. Each \`${CODE_RESULT}\` block must have a corresponding \`server_tool_use\` block before it.`,
    );
  }
  executions.set(id, "finished");
}

function openUse(block: Block, path: string, { executions, ids, open }: Reading): void {
  const id = String(block["id"]);
  const executionId = callerIdOf(block);
  if (executionId !== undefined && !executions.has(executionId)) {
    throw invalidRequest(`${path}: source tool \`${executionId}\` not found for tool use block \`${id}\``);
  }
  addId(id, path, ids);
  open.set(id, { executionId });
}

function addId(id: string, path: string, ids: Set<string>): void {
  if (ids.has(id)) throw invalidRequest(`${path}: \`tool_use\` ids must be unique; found twice: ${id}`);
  ids.add(id);
}

/** Nothing is sampled while a script waits, so nothing else can follow it in a later message. */
function checkNotBefore(before: readonly string[], { executions }: Reading): void {
  const waiting = before.find((id) => executions.get(id) === "pending");
  if (waiting !== undefined) throw unpaired(waiting);
}

function readUser(blocks: readonly Block[], at: number, reading: Reading): void {
  const uses = reading.open;
  const answered = new Set<string>();
  reading.results = [];
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "tool_result") continue;
    const path = `messages.${at}.content.${index}`;
    const id = String(block["tool_use_id"]);
    const use = uses.get(id);
    checkKnown(id, use !== undefined, path);
    if (answered.has(id)) {
      throw invalidRequest(`${path}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`);
    }
    answered.add(id);
    if (use?.executionId !== undefined) reading.results.push(toResult(block, id, use.executionId, path));
  }
  reading.open = new Map([...uses].filter(([id]) => !answered.has(id)));
  checkAnswered(at, reading);
  checkExtras(blocks, pendingOf(reading)[0]);
}

function toResult(block: Block, id: string, executionId: string, path: string): ProgrammaticResult {
  checkResultContent(block, path);
  return { id, executionId, text: toResultText(block), isError: block["is_error"] === true, path };
}

function checkKnown(id: string, isKnown: boolean, path: string): void {
  if (isKnown) return;
  if (id.startsWith("srvtoolu_")) {
    throw invalidRequest(`${path}: \`tool_result\` blocks cannot answer server tools; found the id of a \`server_tool_use\` block: ${id}`);
  }
  throw unexpectedResult(id, path);
}

/** A result for a call that was never made, or has been answered. */
export function unexpectedResult(id: string, path: string): Error {
  return invalidRequest(
    `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
  );
}

/** Every use of the last assistant message has its result by now. */
function checkAnswered(at: number, { open }: Reading): void {
  if (open.size === 0) return;
  throw invalidRequest(
    `messages.${at - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...open.keys()].join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

function pendingOf({ executions }: Reading): string[] {
  return [...executions].filter(([, state]) => state === "pending").map(([id]) => id);
}

/** A script that has no result where it should have one. */
export function unpaired(id: string, ending = ""): Error {
  return invalidRequest(
    `\`${CODE_TOOL}\` tool use with id \`${id}\` was found without a corresponding \`${CODE_RESULT}\` block${ending}`,
  );
}
