/**
 * Runs tools on the host: validates the input, keeps the concurrency bound, turns whatever happens into an answer.
 */
import { toErrorMessage } from "../errors.ts";
import { toResultJson } from "../tools/result-value.ts";
import type { Tool } from "../tools/tool.ts";
import type { PendingCall } from "./call-table.ts";
import type { Convention } from "./script-session.ts";

/** The answer to a call: the JSON text of a value, or the message of a `ToolError`. */
export type ToolAnswer =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly message: string };

/** Options of {@link createToolRunner}. */
export interface ToolRunnerOptions {
  readonly convention: Convention;
  readonly maxConcurrentTools: number;
  readonly maxResultBytes: number;
}

/** Runs one tool for one call and hands the answer to `answer`, exactly once, never throwing. */
export type ToolRunner = (
  tool: Tool,
  execute: NonNullable<Tool["execute"]>,
  input: unknown,
  pending: PendingCall,
  answer: (answer: ToolAnswer) => void,
) => void;

/** Creates a runner for one session. Calls over the bound wait in order; one that was given up meanwhile never starts. */
export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  const { maxConcurrentTools } = options;
  const queue: { pending: PendingCall; start: () => void }[] = [];
  let active = 0;

  function release(): void {
    active -= 1;
    let next = queue.shift();
    while (next?.pending.signal.aborted === true) next = queue.shift();
    next?.start();
  }

  return (tool, execute, input, pending, answer) => {
    async function start(): Promise<void> {
      active += 1;
      try {
        answer(await invoke(tool, execute, input, pending, options));
      } finally {
        release();
      }
    }
    if (active < maxConcurrentTools) void start();
    else queue.push({ pending, start: () => void start() });
  };
}

/** Whatever `execute` does, and however it throws, is an answer. */
async function invoke(
  tool: Tool,
  execute: NonNullable<Tool["execute"]>,
  input: unknown,
  pending: PendingCall,
  options: ToolRunnerOptions,
): Promise<ToolAnswer> {
  try {
    const context = {
      callId: `call_${pending.call.id}`,
      get signal() {
        return pending.signal;
      },
    };
    return toAnswer(tool, await execute(input, context), options);
  } catch (error) {
    return { ok: false, message: toErrorMessage(error) };
  }
}

function toAnswer(tool: Tool, value: unknown, options: ToolRunnerOptions): ToolAnswer {
  const result = toResultJson(value);
  if (!result.ok) return { ok: false, message: `Result of "${tool.name}" cannot be sent: ${result.message}` };
  const json = options.convention === "wire" ? toWireJson(value, result.json) : result.json;
  return limitResult(tool.name, json, options.maxResultBytes);
}

/** In the wire convention a result is text: strings as they are, everything else as its JSON. */
function toWireJson(value: unknown, json: string): string {
  return typeof value === "string" ? json : JSON.stringify(json);
}

/** Refuses a result of more than `maxResultBytes`, saying its size. */
export function limitResult(toolName: string, json: string, maxResultBytes: number): ToolAnswer {
  if (json.length * 3 <= maxResultBytes) return { ok: true, json };
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxResultBytes) return { ok: true, json };
  return {
    ok: false,
    message: `Result of "${toolName}" is too large: "${bytes}" bytes, at most "${maxResultBytes}"; ask for less, for example by page or by filter`,
  };
}
