/**
 * From a JSON body to a request that the rest of the proxy can rely on.
 *
 * Guarantee: what comes out has the shape of `RequestBody` in every part that is read later; what is wrong gets the
 * Messages API's own words. The body itself is not changed.
 */
import { runInShares, type Steps, TurnShare } from "../../turn-share.ts";
import { invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import type { RequestBlock, RequestBody } from "./body-schema.ts";
import { checkBlocks, checkBody } from "./check-body.ts";
import { checkSupportedBody } from "./check-supported.ts";
import { readTools, type ToolPlan } from "./read-tools.ts";

/** A checked request. */
export interface ParsedRequest {
  readonly body: RequestBody;
  readonly stream: boolean;
  /** Id of the container, from either form. */
  readonly containerId: string | undefined;
  readonly tools: ToolPlan;
  /** Whether the history holds scripts or their calls. */
  readonly hasCodeHistory: boolean;
  /** Betas of the `anthropic-beta` header. */
  readonly betas: readonly string[];
}

/** Options of {@link parseRequest}. */
export interface ParseOptions {
  /** Value of the `anthropic-beta` header. */
  readonly betaHeader?: string | undefined;
  /** Whether tokens are to be counted: `max_tokens` is then not needed. @default false */
  readonly countsTokens?: boolean;
  /** Characters of a script's output in the history. @default 1_310_720 */
  readonly maxOutputCharacters?: number;
}

/** What a history may hold of what one script printed: more than scripts may print by default. */
export const DEFAULT_MAX_OUTPUT_CHARACTERS = 1.25 * 1024 * 1024;

/** Checks a body. @throws {ApiError} `invalid_request_error` */
export async function parseRequest(
  value: unknown,
  options: ParseOptions = {},
  share: TurnShare = new TurnShare(),
): Promise<ParsedRequest> {
  const { countsTokens = false, maxOutputCharacters = DEFAULT_MAX_OUTPUT_CHARACTERS } = options;
  const body = await runInShares(checkBody(value, { countsTokens }), share);
  checkSupportedBody(body);
  const tools = await readTools(body, share);
  await runInShares(checkBlocks(body, maxOutputCharacters), share);
  const hasCodeHistory = await runInShares(readUses(body), share);
  return {
    body,
    stream: body.stream === true,
    containerId: toContainerId(body),
    tools,
    hasCodeHistory,
    betas: toBetas(options.betaHeader),
  };
}

/** Whether the history holds code; what a search of the client's own found in it must be there. */
function* readUses({ messages, tools }: RequestBody): Steps<boolean> {
  const names = new Set((tools ?? []).map((tool) => tool.name));
  let hasCode = false;
  for (const { content } of messages) {
    if (typeof content === "string") continue;
    for (const block of content) {
      hasCode ||= isCodeBlock(block);
      yield* checkToolReferences(block, names);
    }
    yield;
  }
  return hasCode;
}

function* checkToolReferences({ type, content }: RequestBlock, names: ReadonlySet<unknown>): Steps<void> {
  if (type !== "tool_result" || !Array.isArray(content)) return;
  for (const { type: partType, tool_name: name } of content as RequestBlock[]) {
    if (partType === "tool_reference" && !names.has(name)) {
      throw invalidRequest(`Tool reference '${quoted(String(name))}' not found in available tools`);
    }
    yield;
  }
}

function isCodeBlock(block: Readonly<Record<string, unknown>>): boolean {
  if (block["type"] === "code_execution_tool_result") return true;
  if (block["type"] === "server_tool_use") return block["name"] === "code_execution";
  if (block["type"] !== "tool_use") return false;
  const { caller } = block;
  return typeof caller === "object" && caller !== null && Reflect.get(caller, "type") !== "direct";
}

function toContainerId({ container }: RequestBody): string | undefined {
  if (typeof container === "string") return container;
  return container?.id ?? undefined;
}

function toBetas(header: string | undefined): string[] {
  return (header ?? "")
    .split(",")
    .map((beta) => beta.trim())
    .filter((beta) => beta !== "");
}
