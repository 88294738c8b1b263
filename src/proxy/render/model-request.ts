/**
 * The request that a sample sends: the client's own body with the history rendered, and one tool in place of code
 * execution and everything that only scripts may call.
 */
import type { ContentBlock, Model, ModelRequest, ModelTool } from "../../model/model.ts";
import { codeExecutionTool } from "../../script/code-execution.ts";
import type { Steps } from "../../turn-share.ts";
import type { RequestBody } from "../request/body-schema.ts";
import type { ParsedRequest } from "../request/parse-request.ts";
import type { ToolPlan } from "../request/read-tools.ts";
import { renderHistory } from "./render-history.ts";

/** Where in the turn the sample is. */
export interface SamplePosition {
  /** The response so far. */
  readonly content: readonly ContentBlock[];
  /** Whether nothing was sampled or run yet in this turn: only then a forced tool choice holds. */
  readonly isFirst: boolean;
}

/** Makes the request of a sample. */
export function* toModelRequest(
  request: ParsedRequest,
  model: Model,
  { content, isFirst }: SamplePosition,
): Steps<ModelRequest> {
  const { body } = request;
  const { model: _model, stream: _stream, container: _container, tool_choice: _choice, ...rest } = body;
  const answer = content.length === 0 ? [] : [{ role: "assistant" as const, content: [...content] }];
  const messages = yield* renderHistory([...body.messages, ...answer]);
  const choice = toToolChoice(request, isFirst);
  const sent = {
    ...withoutNull(rest),
    messages,
    tools: toOfferedTools(request),
    ...(choice === undefined ? {} : { tool_choice: choice }),
  };
  return withBetas(sent, request, model);
}

/**
 * Adds the betas of the client's header as Bedrock takes them, in the body; the adapter leaves out what Bedrock does not
 * know. Other services take them as a header, which is not the body's business.
 */
export function withBetas(
  sent: Readonly<Record<string, unknown>>,
  { betas }: ParsedRequest,
  model: Model,
): ModelRequest {
  const takesBetas = betas.length > 0 && model.id.startsWith("bedrock:");
  return (takesBetas ? { ...sent, anthropic_beta: betas } : sent) as unknown as ModelRequest;
}

/** A history that holds scripts needs a tool that explains them, also when the request has none. */
function toOfferedTools(request: ParsedRequest): readonly ModelTool[] {
  const { code, direct } = request.tools;
  return code === undefined && direct.length > 0 ? direct : [toCodeTool(request), ...direct];
}

/** Clients send null for what they leave out; services refuse it. */
export function withoutNull(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

const codeTools = new WeakMap<ToolPlan, ModelTool>();

/** Made once for a request, always alike for the same tools: prompt caches hold. */
function toCodeTool({ tools }: ParsedRequest): ModelTool {
  const known = codeTools.get(tools);
  if (known !== undefined) return known;
  const tool: ModelTool = { ...codeExecutionTool({ tools: tools.script, convention: "wire" }) };
  const marker = tools.code?.cacheControl;
  const marked = marker === undefined || marker === null ? tool : { ...tool, cache_control: marker };
  codeTools.set(tools, marked);
  return marked;
}

/**
 * Forcing a tool again after its result would never end; without a code tool (a history that holds scripts, a request
 * that has none) the model must not write one.
 */
function toToolChoice({ body, tools }: ParsedRequest, isFirst: boolean): RequestBody["tool_choice"] {
  const choice = body.tool_choice ?? undefined;
  if (tools.code === undefined && tools.direct.length === 0) return { type: "none" };
  if (isFirst || choice === undefined || choice.type === "auto" || choice.type === "none") return choice;
  const { disable_parallel_tool_use: isSingle } = choice;
  return { type: "auto", ...(isSingle === true ? { disable_parallel_tool_use: true } : {}) };
}
