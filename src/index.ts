/**
 * The public API. Sandboxes, models and the emulator have subpaths of their own, so that nobody loads what they do not use.
 */
export type {
  AgentAnswer,
  AgentEvent,
  AgentHappening,
  AgentStopReason,
  AgentTokens,
  TimedHappening,
} from "./agent/agent-event.ts";
export type { AgentOptions } from "./agent/agent-options.ts";
export { type Agent, createAgent, type QuestionOptions } from "./agent/create-agent.ts";
export type { Calling } from "./agent/toolbox.ts";
export {
  isToolscriptError,
  ToolscriptError,
  type ToolscriptErrorCode,
  type ToolscriptErrorOptions,
} from "./errors.ts";
export type {
  ContentBlock,
  MessageEvent,
  Model,
  ModelCallOptions,
  ModelMessage,
  DropNotice,
  ModelNotice,
  RetryNotice,
  ModelRequest,
  ModelResponse,
  ModelTool,
  ModelUsage,
} from "./model/model.ts";
export type { JsonValue } from "./protocol/frames.ts";
export type { OpenSandboxOptions, Sandbox, SandboxSession } from "./sandbox/sandbox.ts";
export type { ScriptLimits } from "./script/limits.ts";
export type {
  CellResult,
  CellStats,
  ExceededLimit,
  ScriptCall,
  ScriptEvent,
  ScriptRun,
} from "./script/script-run.ts";
export {
  type Convention,
  openScriptSession,
  type OpenScriptSessionOptions,
  type RunOptions,
  type ScriptSession,
} from "./script/script-session.ts";
export {
  tool,
  type ToolDefinition,
  type ToolInput,
  type ToolOutput,
  type ToolSchema,
} from "./tools/define-tool.ts";
export type { Caller, JsonSchema, Tool, ToolContext } from "./tools/tool.ts";
