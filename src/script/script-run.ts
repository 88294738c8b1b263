/**
 * What a running cell shows: its calls, waves, output and result.
 */
import type { JsonValue } from "../protocol/frames.ts";

/** One tool call made by a script. */
export interface ScriptCall {
  /** Unique within the session, growing. */
  readonly id: number;
  /** The tool's own name. */
  readonly tool: string;
  /** As the script gave it: not yet validated against the tool's schema. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A budget that ended a cell or refused a call. */
export type ExceededLimit =
  | "running-time"
  | "total-time"
  | "output"
  | "calls"
  | "calls-in-flight"
  | "memory"
  | "lifetime";

/** What a cell did, in the order of its end. A script that fails is a result, too. */
export interface CellResult {
  readonly stdout: string;
  readonly stderr: string;
  /** As a process would return it: 0, 1 after an exception, or what `sys.exit` was given. */
  readonly returnCode: number;
  /** The budget that ended the cell or cut its output, if one did. */
  readonly limit: ExceededLimit | null;
  /** False when the interpreter had to be killed: variables are lost and the session is over. */
  readonly survived: boolean;
  /** What the script's author should know although nothing failed, a sentence each: arguments that no signature has. */
  readonly notes: readonly string[];
  readonly stats: CellStats;
}

/** Figures of one cell. */
export interface CellStats {
  /** Calls made. */
  readonly calls: number;
  /** Times the script could do nothing more until a call returned, having made a new call. */
  readonly waves: number;
  /** Highest number of calls that waited at once. */
  readonly maxInFlight: number;
  /** Milliseconds from `run` to `done`. */
  readonly totalMs: number;
  /** Milliseconds in which the script itself ran: `totalMs` without the time blocked on calls and timers. */
  readonly runningMs: number;
  /** Bytes of tool results (JSON) handed to the script; they never reach the model unless printed. */
  readonly resultBytes: number;
  /** Bytes of output dropped because of `maxOutputBytes`. */
  readonly droppedBytes: number;
}

/** The figures of a cell that did nothing. */
export const NO_STATS: CellStats = {
  calls: 0,
  waves: 0,
  maxInFlight: 0,
  totalMs: 0,
  runningMs: 0,
  resultBytes: 0,
  droppedBytes: 0,
};

/** What happens while a cell runs. */
export type ScriptEvent =
  | { readonly type: "tool-call"; readonly call: ScriptCall }
  | {
      readonly type: "tool-result";
      readonly call: ScriptCall;
      readonly ms: number;
      /** Message of the error that the script got instead of a value. */
      readonly error?: string;
    }
  | { readonly type: "output"; readonly stream: "stdout" | "stderr"; readonly text: string }
  | {
      readonly type: "blocked";
      /** Every call that waits at the moment when this is read, oldest first. */
      readonly waiting: readonly ScriptCall[];
      /** Calls that were made since the last `blocked`: the size of the new wave. */
      readonly made: number;
      /** Milliseconds until a timer of the script is due, or null. */
      readonly wakeInMs: number | null;
    }
  | { readonly type: "finished"; readonly result: CellResult };

/** A cell that runs. Iterate it (once) for events, or await `result`; both at the same time is fine. */
export interface ScriptRun extends AsyncIterable<ScriptEvent> {
  /**
   * The cell's result. Rejects only for failures of ours: `protocol-violation`, `sandbox-ended`, `session-closed` …
   */
  readonly result: Promise<CellResult>;
  /** Answers a call of a tool without `execute`, in any order. @throws {ToolscriptError} `unknown-call` */
  resolve(callId: number, value: JsonValue): void;
  /** Raises `ToolError` (or `TimeoutError`) in the script at that call. @throws {ToolscriptError} `unknown-call` */
  reject(callId: number, message: string, kind?: "tool" | "timeout"): void;
  /** Raises `KeyboardInterrupt` in the script; kills the interpreter if that has no effect within the grace time. */
  interrupt(): void;
}
