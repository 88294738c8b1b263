/**
 * From a JSON body to a request that the rest of the proxy can rely on.
 *
 * Guarantee: what comes out has the shape of `RequestBody` in every part that is read later; what is wrong gets the
 * Messages API's own words. The body itself is not changed.
 */
import { invalidRequest } from "../errors/api-error.ts";
import { blockSchemas, bodySchema, countBodySchema, MAX_MESSAGES, type RequestBody } from "./body-schema.ts";
import { checkSupportedBlock, checkSupportedBody } from "./check-supported.ts";
import { toIssueText } from "./issue-text.ts";
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
}

/** Checks a body. @throws {ApiError} `invalid_request_error` */
export async function parseRequest(value: unknown, options: ParseOptions = {}): Promise<ParsedRequest> {
  checkMessageCount(value);
  const schema = options.countsTokens === true ? countBodySchema : bodySchema;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(toIssueText(parsed.error, value, ""));
  const body = value as RequestBody;
  checkSupportedBody(body);
  const tools = await readTools(body);
  const hasCodeHistory = checkMessages(body);
  checkToolReferences(body);
  return {
    body,
    stream: body.stream === true,
    containerId: toContainerId(body),
    tools,
    hasCodeHistory,
    betas: toBetas(options.betaHeader),
  };
}

/** Before anything else: a list that is too long is not worth walking. */
function checkMessageCount(value: unknown): void {
  const messages: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "messages") : undefined;
  if (!Array.isArray(messages)) return;
  if (messages.length === 0) throw invalidRequest("messages: at least one message is required");
  if (messages.length > MAX_MESSAGES) {
    throw invalidRequest(
      `messages: List should have at most ${MAX_MESSAGES} items after validation, not ${messages.length}`,
    );
  }
}

function checkMessages(body: RequestBody): boolean {
  let hasCode = false;
  for (const [at, { content }] of body.messages.entries()) {
    if (typeof content === "string") continue;
    for (const [index, block] of content.entries()) {
      checkBlock(block, `messages.${at}.content.${index}`);
      hasCode ||= isCodeBlock(block);
    }
  }
  return hasCode;
}

function checkBlock(block: RequestBody["messages"][number]["content"][number] & object, path: string): void {
  checkSupportedBlock(block, path);
  const { type } = block;
  const schema = Object.hasOwn(blockSchemas, type) ? blockSchemas[type] : undefined;
  const parsed = schema?.safeParse(block);
  if (parsed?.success === false) throw invalidRequest(toIssueText(parsed.error, block, `${path}.${type}`));
  if (!Array.isArray(block["content"]) || type !== "tool_result") return;
  for (const [index, inner] of (block["content"] as Record<string, unknown>[]).entries()) {
    checkSupportedBlock(inner, `${path}.${type}.content.${index}`);
  }
}

/** What a search of the client's own found must be there. */
function checkToolReferences({ messages, tools }: RequestBody): void {
  const names = new Set((tools ?? []).map((tool) => tool.name));
  for (const { content } of messages) {
    if (typeof content === "string") continue;
    for (const { type, content: parts } of content) {
      if (type !== "tool_result" || !Array.isArray(parts)) continue;
      for (const part of parts as Record<string, unknown>[]) checkToolReference(part, names);
    }
  }
}

function checkToolReference(part: Readonly<Record<string, unknown>>, names: ReadonlySet<unknown>): void {
  if (part["type"] !== "tool_reference" || names.has(part["tool_name"])) return;
  throw invalidRequest(`Tool reference '${String(part["tool_name"])}' not found in available tools`);
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
