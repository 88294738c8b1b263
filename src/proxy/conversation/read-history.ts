/**
 * Reads the history that a client re-sends: which scripts it holds, which of them wait, and with which results.
 *
 * Pairing is by id over the whole history, never by position. Every rule of the wire about ids is checked here, with the
 * wire's own words. Work grows with the history and no faster. Containers are not known here.
 */
import type { Steps } from "../../turn-share.ts";
import { invalidRequest } from "../errors/api-error.ts";
import { quoted, quotedList } from "../errors/shown-text.ts";
import type { RequestBody } from "../request/body-schema.ts";
import { type Block, callerIdOf, CODE_RESULT, CODE_TOOL, isCodeUse, toBlocks } from "./blocks.ts";
import { PendingScripts } from "./pending-scripts.ts";
import { checkResultContent, toResultText } from "./tool-results.ts";

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
  /** Every id of a tool use, so that a fresh one never repeats it: whoever makes one adds it. */
  readonly ids: Set<string>;
}

interface Reading {
  /** Number of the last message. */
  readonly last: number;
  /** Scripts without a result so far. */
  readonly pending: PendingScripts;
  readonly ids: Set<string>;
  /** Scripts of the history, with or without a result. */
  readonly executions: Set<string>;
  /** Uses of the assistant message just read that want a result in the next one, and the script of each. */
  readonly open: Map<string, string | undefined>;
  /** Of the last message. */
  readonly results: ProgrammaticResult[];
}

/** Where a block is; its path is text that only errors need. */
interface Place {
  readonly at: number;
  readonly index: number;
}

/** Reads a history. @throws {ApiError} `invalid_request_error` */
export function* readHistory(messages: RequestBody["messages"]): Steps<History> {
  const reading: Reading = {
    last: messages.findLastIndex(({ role }) => role !== "system"),
    pending: new PendingScripts(),
    ids: new Set(),
    executions: new Set(),
    open: new Map(),
    results: [],
  };
  for (const [at, { role, content }] of messages.entries()) {
    if (role === "system") continue; // it may stand anywhere, and answers nothing
    const blocks = toBlocks(content);
    yield* role === "assistant" ? readAssistant(blocks, at, reading) : readUser(blocks, at, reading);
    yield;
  }
  checkAnswered(messages.length, reading);
  const { oldest, ids: pending } = reading.pending;
  if (oldest !== undefined && messages[reading.last]?.role !== "user") throw unpaired(oldest.id);
  return { pending, results: reading.results, ids: reading.ids };
}

function* readAssistant(blocks: readonly Block[], at: number, reading: Reading): Steps<void> {
  checkAnswered(at, reading);
  for (const [index, block] of blocks.entries()) {
    const place = { at, index };
    if (isCodeUse(block)) openExecution(block, place, reading);
    else if (block.type === CODE_RESULT) closeExecution(block, place, reading);
    else if (block.type === "tool_use") openUse(block, place, reading);
    else if (block.type === "tool_result") {
      throw invalidRequest(`${toPath(place)}: \`tool_result\` blocks can only be in \`user\` messages`);
    } else checkNotBefore(at, reading);
    yield;
  }
}

function openExecution(block: Block, place: Place, { pending, executions, ids }: Reading): void {
  const id = String(block["id"]);
  addId(id, place, ids);
  executions.add(id);
  pending.add(id, place.at);
}

function closeExecution(block: Block, place: Place, { pending }: Reading): void {
  const id = String(block["tool_use_id"]);
  if (pending.delete(id)) return;
  throw invalidRequest(
    `${toPath(place)}: unexpected \`tool_use_id\` found in \`${CODE_RESULT}\` blocks: ${quoted(id)}. Each \`${CODE_RESULT}\` block must have a corresponding \`server_tool_use\` block before it.`,
  );
}

function openUse(block: Block, place: Place, { executions, ids, open }: Reading): void {
  const id = String(block["id"]);
  const executionId = callerIdOf(block);
  if (executionId !== undefined && !executions.has(executionId)) {
    throw invalidRequest(
      `${toPath(place)}: source tool \`${quoted(executionId)}\` not found for tool use block \`${quoted(id)}\``,
    );
  }
  addId(id, place, ids);
  open.set(id, executionId);
}

function addId(id: string, place: Place, ids: Set<string>): void {
  if (ids.has(id)) {
    throw invalidRequest(`${toPath(place)}: \`tool_use\` ids must be unique; found twice: ${quoted(id)}`);
  }
  ids.add(id);
}

/** Nothing is sampled while a script waits, so nothing else can follow it in a later message. */
function checkNotBefore(at: number, { pending }: Reading): void {
  const { oldest } = pending;
  if (oldest !== undefined && oldest.at < at) throw unpaired(oldest.id);
}

function* readUser(blocks: readonly Block[], at: number, reading: Reading): Steps<void> {
  const { open, pending, results, last } = reading;
  const answered = new Set<string>();
  let hasExtras = false;
  for (const [index, block] of blocks.entries()) {
    yield;
    if (block.type !== "tool_result") {
      hasExtras = true;
      continue;
    }
    const place = { at, index };
    const id = String(block["tool_use_id"]);
    checkResultId(id, place, open, answered);
    answered.add(id);
    const executionId = open.get(id);
    if (executionId === undefined) continue;
    yield* checkResultContent(block, () => toPath(place));
    if (at === last) results.push(toResult(block, id, executionId, place));
  }
  for (const id of answered) open.delete(id);
  checkAnswered(at, reading);
  // What a client answers to a script's calls stands alone in its message.
  if (hasExtras && pending.oldest !== undefined) throw unpaired(pending.oldest.id);
}

function toResult(block: Block, id: string, executionId: string, place: Place): ProgrammaticResult {
  const isError = block["is_error"] === true;
  return { id, executionId, text: toResultText(block), isError, path: toPath(place) };
}

function checkResultId(
  id: string,
  place: Place,
  open: ReadonlyMap<string, unknown>,
  answered: ReadonlySet<string>,
): void {
  if (answered.has(id)) {
    throw invalidRequest(
      `${toPath(place)}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${quoted(id)}`,
    );
  }
  if (open.has(id)) return;
  if (id.startsWith("srvtoolu_")) {
    throw invalidRequest(
      `${toPath(place)}: \`tool_result\` blocks cannot answer server tools; found the id of a \`server_tool_use\` block: ${quoted(id)}`,
    );
  }
  throw unexpectedResult(id, toPath(place));
}

function toPath({ at, index }: Place): string {
  return `messages.${at}.content.${index}`;
}

/** A result for a call that was never made, or has been answered. */
export function unexpectedResult(id: string, path: string): Error {
  return invalidRequest(
    `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${quoted(id)}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
  );
}

/** Every use of the last assistant message has its result by now. */
function checkAnswered(at: number, { open }: Reading): void {
  if (open.size > 0) throw unanswered([...open.keys()], `messages.${at - 1}`);
}

/** Calls that have no result where they should have one. */
export function unanswered(ids: readonly string[], path: string): Error {
  return invalidRequest(
    `${path}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${quotedList(ids)}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

/** A script that has no result where it should have one. */
export function unpaired(id: string, ending = ""): Error {
  return invalidRequest(
    `\`${CODE_TOOL}\` tool use with id \`${quoted(id)}\` was found without a corresponding \`${CODE_RESULT}\` block${ending}`,
  );
}
