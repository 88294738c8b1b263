/**
 * What an agent shows while it works on a question, and what it hands back at the end.
 */
import type { ModelMessage, ModelUsage } from "../model/model.ts";
import type { CellResult } from "../script/script-run.ts";
import type { Caller } from "../tools/tool.ts";

/** What happens while a question is worked on, without its time. */
export type AgentHappening =
  | { readonly type: "sample-started"; readonly sample: number }
  | { readonly type: "text-delta"; readonly sample: number; readonly text: string }
  /** A fragment of the JSON in which the model writes a script. */
  | { readonly type: "code-delta"; readonly sample: number; readonly json: string }
  | {
      readonly type: "model-retry";
      readonly sample: number;
      /** Number of the attempt that failed, from 1. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  | {
      readonly type: "sample-finished";
      readonly sample: number;
      readonly stopReason: string | null;
      readonly usage: ModelUsage;
      readonly ms: number;
    }
  | { readonly type: "session-opened"; readonly python: string; readonly ms: number }
  | { readonly type: "cell-started"; readonly cell: number; readonly code: string }
  | {
      readonly type: "tool-call";
      /** Unique within the run. */
      readonly id: string;
      readonly caller: Caller;
      readonly tool: string;
      readonly input: unknown;
    }
  | {
      readonly type: "tool-result";
      readonly id: string;
      readonly caller: Caller;
      readonly tool: string;
      readonly ms: number;
      /** Message of the error that the caller got instead of a value. */
      readonly error?: string;
    }
  | {
      readonly type: "output";
      readonly cell: number;
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
  | {
      readonly type: "cell-finished";
      readonly cell: number;
      /** Null when the session ended under the cell; `error` then says why. */
      readonly result: CellResult | null;
      readonly error?: string;
    };

/** One happening with the milliseconds since the question was put. */
export type TimedHappening = AgentHappening & { readonly atMs: number };

/** What {@link Agent.stream} yields: the happenings, and the answer last. */
export type AgentEvent =
  | TimedHappening
  | { readonly type: "answer"; readonly atMs: number; readonly answer: AgentAnswer };

/**
 * Why the agent stopped. With underscores: the model's own stop reason, of which only the usual ones are named.
 * With hyphens: a limit of the agent.
 */
export type AgentStopReason =
  | "end_turn"
  | "stop_sequence"
  | "max_tokens"
  | "refusal"
  | "model_context_window_exceeded"
  | "max-cells"
  | "max-samples"
  | (string & {});

/** Tokens over all samples, as the model's service counted them. */
export interface AgentTokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** What came of a question. */
export interface AgentAnswer {
  /** The model's last words; empty if it had none. */
  readonly text: string;
  readonly stopReason: AgentStopReason;
  /** Requests to the model. */
  readonly samples: number;
  /** Scripts that ran. */
  readonly cells: number;
  /** Tool calls by scripts and by the model itself. */
  readonly toolCalls: number;
  /** Highest number of tool calls under way at once. */
  readonly maxInFlight: number;
  readonly tokens: AgentTokens;
  /** Bytes of tool results (JSON) that went to scripts, less what the scripts printed: they never entered the context. */
  readonly keptOutBytes: number;
  /** Milliseconds in which at least one tool was under way. */
  readonly toolMs: number;
  /** Milliseconds in which sessions opened and scripts themselves ran. */
  readonly sandboxMs: number;
  /** True when no model was called: the words come from a scenario. */
  readonly scripted: boolean;
  /** Everything that happened, in order, without the deltas. */
  readonly events: readonly TimedHappening[];
  /** The whole conversation, to be continued or kept. */
  readonly messages: readonly ModelMessage[];
}
