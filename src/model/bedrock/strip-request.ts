/**
 * Takes out of a Messages API request what Bedrock refuses with `Extra inputs are not permitted`.
 *
 * Guarantee: the input is never changed, parts without anything to strip are shared, and what was removed is reported by
 * path. Only fields that change nothing for the model, or that Bedrock cannot honour, are removed; tools and blocks of
 * other products (code execution, web search, MCP) are left for whoever speaks them, and Bedrock will refuse them.
 */
import { runAtOnce, type Steps } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { ContentBlock, ModelMessage, ModelRequest, ModelTool } from "../model.ts";
import { foldSystemMessages } from "../system-messages.ts";
import { stripMessageFields, withoutBetaFields } from "./beta-fields.ts";
import { withOutputConfig } from "./output-config.ts";
import { takesStrictTools, takesSystemMessages, takesTopLevelCacheControl } from "./model-id.ts";
import type { Note } from "./strip-note.ts";

/** Keys of the body that are removed, and why. */
const BODY_FIELDS: Readonly<Record<string, string>> = {
  model: "the model travels in the URL",
  stream: "the route says whether to stream",
  betas: "betas travel as `anthropic_beta`",
  container: "Bedrock has no code execution containers",
  mcp_servers: "Bedrock has no MCP connector",
  metadata: "Bedrock takes request metadata in a header, in a form of its own",
  service_tier: "Bedrock takes the tier in a header",
  inference_geo: "on Bedrock the inference profile says where",
  speed: "fast mode is not on Bedrock",
  fallbacks: "server-side fallbacks are not on Bedrock",
  fallback_credit_token: "server-side fallbacks are not on Bedrock",
  billing_policy: "on Bedrock the AWS account pays",
  workspace_id: "workspaces are not on Bedrock",
  user_profile_id: "user profiles are not on Bedrock",
  diagnostics: "request diagnostics are not on Bedrock",
};

/** Keys of a tool that are removed, and why; some stay for a model or a beta (see `toolFieldStays`). */
const TOOL_FIELDS: Readonly<Record<string, string>> = {
  allowed_callers: "programmatic tool calling is not on Bedrock",
  eager_input_streaming: "Bedrock streams inputs by a beta",
  strict: "refused by most models on Bedrock",
  defer_loading: "needs the tool search beta",
  input_examples: "needs the tool examples beta",
};

/** Keys of a content block that are removed, wherever the block stands, and why. */
const BLOCK_FIELDS: Readonly<Record<string, string>> = {
  caller: "Bedrock does not know callers of tools",
  parsed_output: "made by client SDKs, no part of the API",
  toolset_name: "toolsets are not on Bedrock",
};

const TOOL_SEARCH_BETA = "tool-search-tool-2025-10-19";
const TOOL_EXAMPLES_BETA = "tool-examples-2025-10-29";

/** Betas that InvokeModel takes; all others are removed. */
const ALLOWED_BETAS: readonly RegExp[] = [
  /^tool-search-tool-2025-10-19$/,
  /^tool-examples-2025-10-29$/,
  /^computer-use-2025-(01-24|11-24)$/,
  /^context-management-2025-06-27$/,
  /^compact-2026-01-12$/,
  /^interleaved-thinking-2025-05-14$/,
  /^fine-grained-tool-streaming-2025-05-14$/,
  /^context-1m-2025-08-07$/,
  /^token-efficient-tools-2025-02-19$/,
  /^dev-full-thinking-2025-05-14$/,
  /^output-128k-2025-02-19$/,
];

/** The Claude API's name of a beta → the names of the same features on InvokeModel. */
const RENAMED_BETAS: Readonly<Record<string, readonly string[]>> = {
  "advanced-tool-use-2025-11-20": [TOOL_SEARCH_BETA, TOOL_EXAMPLES_BETA],
};

/** Something that was removed. */
export interface StrippedField {
  /** Where it stood, for example `messages.1.content.0.caller`. */
  readonly path: string;
  /** Why Bedrock does not take it. */
  readonly reason: string;
}

/** Options of {@link stripRequest}. */
export interface StripOptions {
  /** The Bedrock model id: some fields are taken by some models only. */
  modelId: string;
  /** Betas asked for beside those in the request's own `anthropic_beta` and `betas`. */
  betas?: readonly string[];
}

/** A request that Bedrock takes, and what had to go. */
export interface StrippedRequest {
  /** The request; `anthropic_beta` holds the betas that are left, and is absent when none is. */
  readonly request: ModelRequest;
  readonly removed: readonly StrippedField[];
}

/** Strips a request for InvokeModel. */
export function stripRequest(request: ModelRequest, options: StripOptions): StrippedRequest {
  const removed: StrippedField[] = [];
  const note: Note = (path, reason) => removed.push({ path: path(), reason });
  return { request: runAtOnce(stripInSteps(request, options, note)), removed };
}

/** The same in steps, for a request of any size. */
export function* stripInSteps(
  given: ModelRequest,
  options: StripOptions,
  note: Note = () => {},
): Steps<ModelRequest> {
  const request = withoutBetaFields(withOutputConfig(given), note);
  const more = [...(options.betas ?? []), ...toImpliedBetas(request.tools ?? [])];
  const betas = chooseBetas(request, more, note);
  const body = stripKeys(
    request,
    BODY_FIELDS,
    () => "",
    note,
    () => false,
  );
  const { anthropic_beta: _replaced, cache_control, ...rest } = body;
  const keepsCacheControl = cache_control !== undefined && takesTopLevelCacheControl(options.modelId);
  if (cache_control !== undefined && !keepsCacheControl) {
    note(() => "cache_control", "this model takes it on blocks only");
  }
  const messages: ModelMessage[] = [];
  const taken = takesSystemMessages(options.modelId)
    ? request.messages
    : yield* foldSystemMessages(request.messages);
  for (const [at, message] of taken.entries()) {
    messages.push(yield* stripMessage(message, () => `messages.${at}`, note));
    yield;
  }
  const { system, tools } = request;
  return {
    ...rest,
    messages,
    ...(Array.isArray(system) ? { system: yield* stripBlocks(system, () => "system", note) } : {}),
    ...(tools === undefined ? {} : { tools: yield* stripTools(tools, options.modelId, betas, note) }),
    ...(keepsCacheControl ? { cache_control: stripMarker(cache_control, () => "cache_control", note) } : {}),
    ...(betas.length > 0 ? { anthropic_beta: betas } : {}),
  };
}

/** The betas of a request that InvokeModel takes, under its names. */
export function chooseBetas(request: ModelRequest, more: readonly string[], note: Note = () => {}): string[] {
  const asked = [...toStrings(request["anthropic_beta"]), ...toStrings(request["betas"]), ...more];
  const named = asked.flatMap((beta) => RENAMED_BETAS[beta] ?? [beta]);
  const [allowed, refused] = [new Set<string>(), new Set<string>()];
  for (const beta of named) {
    (ALLOWED_BETAS.some((pattern) => pattern.test(beta)) ? allowed : refused).add(beta);
  }
  for (const beta of refused) {
    note(() => `anthropic_beta.${beta}`, "not among the betas that InvokeModel takes");
  }
  return [...allowed];
}

/** On the Claude API these features need no beta any more; on Bedrock they still do. */
function toImpliedBetas(tools: readonly ModelTool[]): string[] {
  const searches = tools.some(
    (tool) => tool["defer_loading"] === true || String(tool["type"]).startsWith("tool_search_tool"),
  );
  const hasExamples = tools.some((tool) => isFilled(tool["input_examples"]));
  return [...(searches ? [TOOL_SEARCH_BETA] : []), ...(hasExamples ? [TOOL_EXAMPLES_BETA] : [])];
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function* stripMessage(given: ModelMessage, path: () => string, note: Note): Steps<ModelMessage> {
  const message = stripMessageFields(given, path, note);
  if (typeof message.content === "string") {
    return message;
  }
  const content = yield* stripBlocks(message.content, () => `${path()}.content`, note);
  return content === message.content ? message : { ...message, content };
}

/** The same array when no block had anything to strip. */
function* stripBlocks(
  blocks: readonly ContentBlock[],
  path: () => string,
  note: Note,
): Steps<readonly ContentBlock[]> {
  let stripped: ContentBlock[] | undefined;
  for (const [at, block] of blocks.entries()) {
    const result = yield* stripBlock(block, () => `${path()}.${at}`, note);
    if (result !== block) stripped ??= blocks.slice(0, at);
    stripped?.push(result);
    yield;
  }
  return stripped ?? blocks;
}

function* stripBlock(block: ContentBlock, path: () => string, note: Note): Steps<ContentBlock> {
  const stripped = stripKeys(
    block,
    BLOCK_FIELDS,
    () => `${path()}.`,
    note,
    () => false,
  );
  const marked = withStrippedMarker(stripped, path, note);
  const inner: unknown = marked["content"];
  if (!Array.isArray(inner) || !inner.every(isBlock)) {
    return marked;
  }
  const content = yield* stripBlocks(inner, () => `${path()}.content`, note);
  return content === inner ? marked : { ...marked, content };
}

/** What Bedrock takes of a caching marker. */
const MARKER_FIELDS: ReadonlySet<string> = new Set(["type", "ttl"]);

/** The value with a caching marker that Bedrock takes; the value itself when that was one. */
function withStrippedMarker<T extends object>(value: T, path: () => string, note: Note): T {
  const { cache_control: marker } = value as { readonly cache_control?: unknown };
  const stripped = stripMarker(marker, () => `${path()}.cache_control`, note);
  return stripped === marker ? value : { ...value, cache_control: stripped };
}

function stripMarker(marker: unknown, path: () => string, note: Note): unknown {
  if (!isRecord(marker)) return marker;
  const gone = Object.keys(marker).filter((key) => !MARKER_FIELDS.has(key));
  if (gone.length === 0) return marker;
  for (const key of gone) note(() => `${path()}.${key}`, "Bedrock's markers have a type and a lifetime only");
  return Object.fromEntries(Object.entries(marker).filter(([key]) => MARKER_FIELDS.has(key)));
}

function isBlock(value: unknown): value is ContentBlock {
  return isRecord(value) && typeof value["type"] === "string";
}

function* stripTools(
  tools: readonly ModelTool[],
  modelId: string,
  betas: readonly string[],
  note: Note,
): Steps<readonly ModelTool[]> {
  const stripped: ModelTool[] = [];
  for (const [at, tool] of tools.entries()) {
    const stays = (key: string): boolean => toolFieldStays(key, modelId, betas);
    const left = stripKeys(tool, TOOL_FIELDS, () => `tools.${at}.`, note, stays);
    stripped.push(withStrippedMarker(left, () => `tools.${at}`, note));
    yield;
  }
  return stripped;
}

function toolFieldStays(key: string, modelId: string, betas: readonly string[]): boolean {
  if (key === "strict") {
    return takesStrictTools(modelId);
  }
  return (
    (key === "defer_loading" && betas.includes(TOOL_SEARCH_BETA)) ||
    (key === "input_examples" && betas.includes(TOOL_EXAMPLES_BETA))
  );
}

/** A copy without the listed keys; the value itself when it has none of them. */
function stripKeys<T extends object>(
  value: T,
  fields: Readonly<Record<string, string>>,
  prefix: () => string,
  note: Note,
  stays: (key: string) => boolean,
): T {
  const gone = Object.keys(value).filter((key) => Object.hasOwn(fields, key) && !stays(key));
  if (gone.length === 0) {
    return value;
  }
  for (const key of gone) {
    note(() => `${prefix()}${key}`, fields[key] ?? "");
  }
  return Object.fromEntries(Object.entries(value).filter(([key]) => !gone.includes(key))) as T;
}

function toStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
