/**
 * Runs tools on the host: keeps the concurrency bound, starts nothing while the script does not take what it is given,
 * turns whatever happens into an answer.
 */
import { toErrorMessage } from "../errors.ts";
import { type JsonText, toResultJson } from "../tools/result-value.ts";
import type { Tool } from "../tools/tool.ts";
import type { PendingCall } from "./call-table.ts";
import type { Convention } from "./script-session.ts";

/** The answer to a call: the JSON text of a value, or the message of a `ToolError`. */
export type ToolAnswer =
  | { readonly ok: true; readonly json: JsonText }
  | { readonly ok: false; readonly message: string };

/** Characters of the message of a `ToolError`; a tool may throw what a server sent. */
const MAX_MESSAGE_CHARACTERS = 64 * 1024;

/** Options of {@link createToolRunner}. */
export interface ToolRunnerOptions {
  readonly convention: Convention;
  readonly maxConcurrentTools: number;
  readonly maxResultBytes: number;
}

/** The cell's side of a call. */
export interface CallDesk {
  /** Resolves when the JSON of an answer may be made; undefined when it may at once. */
  enter(): Promise<void> | undefined;
  /** Resolves when another tool may be started; undefined when it may at once. */
  room(): Promise<void> | undefined;
  /** Takes the answer. Called exactly once; never throws. */
  answer(answer: ToolAnswer): void;
}

/** Runs one tool for one call, never throwing. */
export type ToolRunner = (
  tool: Tool,
  execute: NonNullable<Tool["execute"]>,
  input: unknown,
  pending: PendingCall,
  desk: CallDesk,
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

  return (tool, execute, input, pending, desk) => {
    async function start(): Promise<void> {
      active += 1;
      const room = desk.room();
      if (room !== undefined) await room;
      desk.answer(await invoke(tool, execute, input, pending, desk, options));
      release();
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
  desk: CallDesk,
  options: ToolRunnerOptions,
): Promise<ToolAnswer> {
  try {
    if (pending.isGivenUp) return GIVEN_UP;
    const context = {
      callId: `call_${pending.call.id}`,
      get signal() {
        return pending.signal;
      },
    };
    const value = await execute(input, context);
    const turn = desk.enter();
    if (turn !== undefined) await turn;
    if (pending.isGivenUp) return GIVEN_UP;
    return await toAnswer(tool.name, value, options);
  } catch (error) {
    return { ok: false, message: toErrorMessage(error).slice(0, MAX_MESSAGE_CHARACTERS) };
  }
}

/** Nobody waits for it any more. */
const GIVEN_UP: ToolAnswer = { ok: false, message: "The call was given up" };

/** A value as the answer to a call; a promise when it is large. Never throws. */
export function toAnswer(
  toolName: string,
  value: unknown,
  { convention, maxResultBytes }: Pick<ToolRunnerOptions, "convention" | "maxResultBytes">,
): ToolAnswer | Promise<ToolAnswer> {
  const result = toResultJson(value, { maxBytes: maxResultBytes, asText: convention === "wire" });
  const name = (found: Awaited<typeof result>): ToolAnswer =>
    found.ok ? found : { ok: false, message: `Result of "${toolName}" cannot be sent: ${found.message}` };
  return result instanceof Promise ? result.then(name) : name(result);
}
