/**
 * Checks a Claude request body as Bedrock does: required keys, types, and no key that it does not know.
 *
 * A client that forgets to strip something is caught here with the same words as in production, all places at once.
 */
import { shorten } from "../../errors.ts";
import type { ModelRequest } from "../../model/model.ts";
import { AwsHttpError } from "../aws-http/aws-error.ts";
import { checkConversation } from "./conversation-validation.ts";
import {
  BLOCK_KEYS,
  BODY_KEYS,
  CLIENT_TOOL_TYPES,
  KNOWN_BETAS,
  KNOWN_VERSIONS,
  PART_KEYS,
  THINKING_DISPLAYS,
  TOOL_EXAMPLES_BETA,
  TOOL_KEYS,
  TOOL_SEARCH_BETA,
  TOOL_SEARCH_BLOCKS,
  refusesOutputFormat,
  takesStrictTools,
  takesSystemMessages,
  takesTopLevelCacheControl,
} from "./invoke-schema.ts";
import { isObject, toText, type JsonObject } from "./json-object.ts";

const EXTRA = "Extra inputs are not permitted";

/** Problems that an answer names. */
const MAX_PROBLEMS = 50;
const MAX_PROBLEM_CHARACTERS = 1000;

/** What is wrong, the first places of it. */
class Problems {
  readonly #texts: string[] = [];
  #others = 0;

  add(text: string): void {
    if (this.#texts.length < MAX_PROBLEMS) this.#texts.push(shorten(text, MAX_PROBLEM_CHARACTERS));
    else this.#others += 1;
  }

  /** All of them; empty when nothing is wrong. */
  get text(): string {
    const others = this.#others === 0 ? [] : [`and ${this.#others} more`];
    return [...this.#texts, ...others].join("; ");
  }
}

/** What a check needs to know of the whole request. */
interface Context {
  readonly modelId: string;
  readonly betas: ReadonlySet<string>;
  readonly problems: Problems;
}

/**
 * The body as a Messages API request.
 *
 * @throws {AwsHttpError} 400 `ValidationException` that names every wrong place
 */
export function checkInvokeBody(body: unknown, modelId: string): ModelRequest {
  if (!isObject(body)) {
    throw invalid(
      "Malformed input request: the body is not a JSON object, please reformat your input and try again.",
    );
  }
  const betas = Array.isArray(body["anthropic_beta"]) ? body["anthropic_beta"].map(String) : [];
  const context: Context = { modelId, betas: new Set(betas), problems: new Problems() };
  checkTop(body, betas, context);
  checkSystem(body["system"], context);
  checkTools(body["tools"], context);
  checkMessages(body["messages"], context);
  if (context.problems.text !== "") {
    throw invalid(context.problems.text);
  }
  checkConversation(body as unknown as ModelRequest);
  return body as unknown as ModelRequest;
}

function checkTop(body: JsonObject, betas: readonly string[], context: Context): void {
  const { problems, modelId } = context;
  for (const key of ["anthropic_version", "max_tokens", "messages"]) {
    if (body[key] === undefined) {
      problems.add(`${key}: Field required`);
    }
  }
  const version = body["anthropic_version"];
  if (version !== undefined && !KNOWN_VERSIONS.has(toText(version))) {
    problems.add(`anthropic_version: Input should be 'bedrock-2023-05-31'`);
  }
  if (
    body["max_tokens"] !== undefined &&
    !(Number.isInteger(body["max_tokens"]) && Number(body["max_tokens"]) > 0)
  ) {
    problems.add("max_tokens: Input should be greater than or equal to 1");
  }
  for (const key of Object.keys(body)) {
    if (!BODY_KEYS.has(key) || (key === "cache_control" && !takesTopLevelCacheControl(modelId))) {
      problems.add(`${key}: ${EXTRA}`);
    }
  }
  if (version === "2026-10-21") {
    for (const key of ["temperature", "top_p", "top_k"].filter((name) => body[name] !== undefined)) {
      problems.add(`${key}: ${EXTRA}`);
    }
  }
  checkParts(body, context);
  const output = body["output_config"];
  if (isObject(output) && output["format"] !== undefined && refusesOutputFormat(modelId)) {
    problems.add(`output_config.format: ${EXTRA}`);
  }
  if (betas.some((beta) => !KNOWN_BETAS.has(beta))) {
    problems.add("invalid beta flag");
  }
}

function checkParts(body: JsonObject, { problems }: Context): void {
  const { thinking } = body;
  const output = body["output_config"];
  if (isObject(output)) pushExtras(output, PART_KEYS["output_config"] ?? [], "output_config", problems);
  if (!isObject(thinking)) return;
  const path = `thinking.${toText(thinking["type"])}`;
  pushExtras(thinking, PART_KEYS[path] ?? [], path, problems);
  const { display = null } = thinking;
  if (display !== null && !THINKING_DISPLAYS.includes(toText(display))) {
    problems.add(
      `${path}.display: Input should be ${THINKING_DISPLAYS.map((one) => `'${one}'`).join(" or ")}`,
    );
  }
}

function checkSystem(system: unknown, context: Context): void {
  if (Array.isArray(system)) {
    system.forEach((block, at) => checkBlock(block, `system.${at}`, context));
  } else if (system !== undefined && typeof system !== "string") {
    context.problems.add("system: Input should be a valid string or a list of text blocks");
  }
}

function checkTools(tools: unknown, context: Context): void {
  if (tools === undefined) {
    return;
  }
  if (!Array.isArray(tools)) {
    context.problems.add("tools: Input should be a valid list");
    return;
  }
  tools.forEach((tool, at) => checkTool(tool, `tools.${at}`, context));
  const names = tools.filter(isObject).map((tool) => tool["name"]);
  if (new Set(names).size !== names.length) {
    context.problems.add("tools: Tool names must be unique.");
  }
}

function checkTool(tool: unknown, path: string, context: Context): void {
  const { problems } = context;
  if (!isObject(tool)) {
    problems.add(`${path}: Input should be a valid dictionary`);
    return;
  }
  const type = toText(tool["type"] ?? "custom");
  if (type !== "custom") {
    if (!CLIENT_TOOL_TYPES.has(type)) {
      problems.add(wrongTag(path, type, ["custom", ...CLIENT_TOOL_TYPES]));
    }
    return;
  }
  const at = `${path}.custom`;
  if (typeof tool["name"] !== "string" || !/^[a-zA-Z0-9_-]{1,128}$/.test(tool["name"])) {
    problems.add(`${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
  }
  if (!isObject(tool["input_schema"])) {
    problems.add(`${at}.input_schema: Field required`);
  } else if (tool["input_schema"]["type"] !== "object") {
    problems.add(`${at}.input_schema.type: Input should be 'object'`);
  }
  pushExtras(tool, toolKeys(context), at, problems);
  checkMarker(tool["cache_control"], at, problems);
}

function toolKeys(context: Context): readonly string[] {
  return [
    ...TOOL_KEYS,
    ...(takesStrictTools(context.modelId) ? ["strict"] : []),
    ...(context.betas.has(TOOL_SEARCH_BETA) ? ["defer_loading"] : []),
    ...(context.betas.has(TOOL_EXAMPLES_BETA) ? ["input_examples"] : []),
  ];
}

function checkMessages(messages: unknown, context: Context): void {
  const { problems } = context;
  if (messages === undefined) {
    return;
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    problems.add("messages: at least one message is required");
    return;
  }
  messages.forEach((message: unknown, index) => {
    const path = `messages.${index}`;
    if (!isObject(message)) {
      problems.add(`${path}: Input should be a valid dictionary`);
      return;
    }
    const roles = takesSystemMessages(context.modelId)
      ? ["user", "assistant", "system"]
      : ["user", "assistant"];
    if (!roles.includes(String(message["role"]))) {
      problems.add(`${path}.role: Input should be ${roles.map((role) => `'${role}'`).join(" or ")}`);
    }
    pushExtras(message, ["role", "content"], path, problems);
    checkContent(message["content"], path, context);
  });
}

function checkContent(content: unknown, path: string, context: Context): void {
  if (Array.isArray(content)) {
    content.forEach((block, at) => checkBlock(block, `${path}.content.${at}`, context));
  } else if (typeof content !== "string") {
    context.problems.add(`${path}.content: Input should be a valid string or a list of content blocks`);
  }
}

function checkBlock(block: unknown, path: string, context: Context): void {
  const { problems, betas } = context;
  const type = isObject(block) ? String(block["type"]) : "";
  const keys = BLOCK_KEYS[type];
  if (
    !isObject(block) ||
    keys === undefined ||
    (TOOL_SEARCH_BLOCKS.has(type) && !betas.has(TOOL_SEARCH_BETA))
  ) {
    problems.add(wrongTag(path, type, Object.keys(BLOCK_KEYS)));
    return;
  }
  const at = `${path}.${type}`;
  pushExtras(block, keys, at, problems);
  checkMarker(block["cache_control"], at, problems);
  if (type === "text" && block["text"] === "") {
    problems.add("messages: text content blocks must be non-empty");
  }
  if (type === "tool_use" && !isObject(block["input"])) {
    problems.add(`${at}.input: Input should be a valid dictionary`);
  }
  if (
    (type === "image" || type === "document") &&
    isObject(block["source"]) &&
    block["source"]["type"] === "url"
  ) {
    problems.add(wrongTag(`${at}.source`, "url", ["base64", "text", "content"]));
  }
  if (type === "tool_result" && block["content"] !== undefined) {
    checkContent(block["content"], at, context);
  }
}

/** Claude Code's `scope` was refused (reported 2026-06). */
function checkMarker(marker: unknown, path: string, problems: Problems): void {
  if (isObject(marker)) pushExtras(marker, ["type", "ttl"], `${path}.cache_control`, problems);
}

function pushExtras(value: JsonObject, allowed: readonly string[], path: string, problems: Problems): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) {
      problems.add(`${path}.${key}: ${EXTRA}`);
    }
  }
}

function wrongTag(path: string, found: unknown, expected: readonly string[]): string {
  const tags = expected.map((tag) => `'${tag}'`).join(", ");
  return `${path}: Input tag '${String(found)}' found using 'type' does not match any of the expected tags: ${tags}`;
}

function invalid(message: string): AwsHttpError {
  return new AwsHttpError(400, "ValidationException", message);
}
