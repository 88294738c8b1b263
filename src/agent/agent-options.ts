/**
 * The options of an agent, with their defaults filled in.
 */
import { ToolscriptError } from "../errors.ts";
import type { ContentBlock, Model } from "../model/model.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { resolveLimits, type ScriptLimits } from "../script/limits.ts";
import type { Tool } from "../tools/tool.ts";
import { type Calling, createToolbox, type Toolbox } from "./toolbox.ts";

/** Scripts of one question. */
export const DEFAULT_MAX_CELLS = 10;
/** Requests to the model for one question. */
export const DEFAULT_MAX_SAMPLES = 100;
/** Tokens that the model may write in one answer. */
export const DEFAULT_MAX_TOKENS = 8_192;

/** Options of {@link createAgent}. */
export interface AgentOptions {
  readonly model: Model;
  /** Where scripts run; stays the caller's to close. Not needed when `calling` is `direct`. */
  readonly sandbox?: Sandbox;
  readonly tools: readonly Tool[];
  /** `programmatic`: the model writes scripts. `direct`: it calls each tool itself. @default "programmatic" */
  readonly calling?: Calling;
  readonly system?: string | readonly ContentBlock[];
  /** Scripts of one question, those that came in a cut-off answer counted. @default 10 */
  readonly maxCells?: number;
  /** Requests to the model for one question. @default 100 */
  readonly maxSamples?: number;
  /** Tokens that the model may write in one answer. @default 8_192 */
  readonly maxTokens?: number;
  /** Whether the model may ask for several tools in one sample. @default true */
  readonly parallelToolUse?: boolean;
  /** Budgets of the scripts. `idleMs` is 0 unless given: the session must outlive a slow model. */
  readonly limits?: Partial<ScriptLimits>;
}

/** An agent's options, complete and checked. */
export interface AgentSetup {
  readonly model: Model;
  readonly sandbox: Sandbox | undefined;
  readonly toolbox: Toolbox;
  readonly system: string | readonly ContentBlock[] | undefined;
  readonly maxCells: number;
  readonly maxSamples: number;
  readonly maxTokens: number;
  readonly parallelToolUse: boolean;
  readonly limits: ScriptLimits;
}

/** Fills in and checks. @throws {ToolscriptError} `invalid-argument`, `invalid-tool` */
export function resolveAgentOptions(options: AgentOptions): AgentSetup {
  const {
    model,
    sandbox,
    tools,
    calling = "programmatic",
    system,
    maxCells = DEFAULT_MAX_CELLS,
    maxSamples = DEFAULT_MAX_SAMPLES,
    maxTokens = DEFAULT_MAX_TOKENS,
    parallelToolUse = true,
    limits = {},
  } = options;
  if (calling === "programmatic" && sandbox === undefined) {
    throw invalidOption("sandbox", "it is missing, and programmatic calling runs scripts");
  }
  checkCount("maxCells", maxCells);
  checkCount("maxSamples", maxSamples);
  checkCount("maxTokens", maxTokens);
  return {
    model,
    sandbox,
    toolbox: createToolbox(tools, calling),
    system,
    maxCells,
    maxSamples,
    maxTokens,
    parallelToolUse,
    limits: resolveLimits({ ...limits, idleMs: limits.idleMs ?? 0 }),
  };
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw invalidOption(name, `"${value}" is not a whole number from 1 up`);
}

function invalidOption(name: string, reason: string): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Cannot create the agent with this "${name}": ${reason}`);
}
