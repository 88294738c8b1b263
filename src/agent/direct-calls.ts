/**
 * Carries out the tool calls that the model makes itself.
 *
 * Guarantees: a tool runs only if its `allowedCallers` has `direct` and the input fits its schema; whatever goes wrong
 * with a tool becomes an answer to the model, not an exception.
 */
import { toErrorMessage } from "../errors.ts";
import type { ScriptLimits } from "../script/limits.ts";
import { toResultJson } from "../tools/result-value.ts";
import type { Tool } from "../tools/tool.ts";
import type { Recorder } from "./recorder.ts";
import type { ToolUse, ToolUseAnswer } from "./tool-use.ts";
import type { Toolbox } from "./toolbox.ts";

/** What a direct call needs of its run. */
export interface DirectCallContext {
  readonly toolbox: Toolbox;
  readonly recorder: Recorder;
  readonly limits: ScriptLimits;
  readonly signal: AbortSignal;
}

/** Carries out one call. @throws the signal's reason when it is aborted */
export async function runDirectCall(use: ToolUse, context: DirectCallContext): Promise<ToolUseAnswer> {
  const { toolbox, recorder, signal } = context;
  const tool = toolbox.directTools.get(use.name);
  if (tool === undefined) return refuse(toRefusal(use.name, toolbox));
  const parsed = await tool.parseInput(use.input);
  if (!parsed.ok) return refuse(parsed.message);
  const call = { id: use.id, caller: "direct", tool: tool.name } as const;
  const startedAtMs = recorder.atMs;
  recorder.record({ type: "tool-call", ...call, input: use.input });
  const answer = await executeTool(tool, parsed.value, use.id, context);
  const error = answer.isError ? { error: answer.text } : {};
  recorder.record({ type: "tool-result", ...call, ms: recorder.atMs - startedAtMs, ...error });
  signal.throwIfAborted();
  return answer;
}

function refuse(text: string): ToolUseAnswer {
  return { text, isError: true };
}

function toRefusal(name: string, { allTools, hasScripts }: Toolbox): string {
  if (!allTools.has(name)) return `No tool is named "${name}"`;
  const advice = hasScripts ? "; call it from a script, with code_execution" : "";
  return `Tool "${name}" must not be called directly${advice}`;
}

async function executeTool(
  tool: Tool,
  input: unknown,
  callId: string,
  { limits, signal }: DirectCallContext,
): Promise<ToolUseAnswer> {
  const timeoutMs = Math.min(tool.timeoutMs ?? limits.callMs, limits.callMs);
  const abort = new AbortController();
  const callSignal = AbortSignal.any([signal, abort.signal]);
  try {
    const work = Promise.resolve(tool.execute?.(input, { signal: callSignal, callId }));
    const value = await settleWithin(work, timeoutMs, tool.name, callSignal);
    return await toAnswer(tool.name, value, limits);
  } catch (thrown) {
    return refuse(toErrorMessage(thrown));
  } finally {
    abort.abort();
  }
}

/** Waits for the work, for the deadline or for the signal, whichever comes first. */
async function settleWithin<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  toolName: string,
  signal: AbortSignal,
): Promise<Value> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  const timer = setTimeout(
    () => reject(new Error(`Tool "${toolName}" timed out: no result within "${timeoutMs}" ms`)),
    timeoutMs,
  );
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Strings travel as they are, everything else as its JSON. */
async function toAnswer(toolName: string, value: unknown, limits: ScriptLimits): Promise<ToolUseAnswer> {
  const result = await toResultJson(value, { maxBytes: limits.maxResultBytes });
  if (!result.ok) return refuse(`Result of "${toolName}" cannot be sent: ${result.message}`);
  const json = typeof result.json === "string" ? result.json : result.json.join("");
  return { text: typeof value === "string" ? value : json, isError: false };
}
