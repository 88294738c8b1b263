/**
 * Runs tools on the host: keeps the concurrency bound, starts nothing while the script does not take what it is given,
 * turns whatever happens into an answer.
 */
import { toErrorMessage } from "../errors.ts";
import { type JsonText, type ResultValue, toResultJson } from "../tools/result-value.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
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

/** The cell's side of its calls. */
export interface CallDesk {
  /** Resolves when the JSON of an answer may be made; undefined when it may at once. */
  enter(): Promise<void> | undefined;
  /** Says that an answer is being made that takes more than one turn, until what it gives is called. */
  hold(): () => void;
  /** Resolves when another tool may be started; undefined when it may at once. */
  room(): Promise<void> | undefined;
  /** Takes the answer of a call. Called once, unless the call was given up; never throws. */
  answer(id: number, answer: ToolAnswer): void;
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
  let queue: { pending: PendingCall; start: () => void }[] = [];
  let next = 0;
  let active = 0;

  /** The next call that somebody waits for. An index moves, not the queue: it may be long. */
  function takeNext(): (() => void) | undefined {
    for (; next < queue.length; next += 1) {
      const entry = queue[next];
      if (entry === undefined || entry.pending.isGivenUp) continue;
      next += 1;
      return entry.start;
    }
    queue = [];
    next = 0;
    return undefined;
  }

  function release(): void {
    active -= 1;
    takeNext()?.();
  }

  return (tool, execute, input, pending, desk) => {
    /** Whatever `execute` does, and however it throws, is an answer. One function: each wait of a second one costs. */
    async function start(): Promise<void> {
      active += 1;
      const { id } = pending.call;
      try {
        const room = desk.room();
        if (room !== undefined) await room;
        if (!pending.isGivenUp) {
          const value = await execute(input, toContext(pending));
          const turn = desk.enter();
          if (turn !== undefined) await turn;
          // From being let in to the answer nothing is waited for, unless the value is large: then nobody else is let in.
          const answer = pending.isGivenUp ? undefined : toAnswer(tool.name, value, options);
          if (answer instanceof Promise) await answerLarge(id, answer, desk);
          else if (answer !== undefined) desk.answer(id, answer);
        }
      } catch (error) {
        desk.answer(id, { ok: false, message: toErrorMessage(error).slice(0, MAX_MESSAGE_CHARACTERS) });
      }
      release();
    }
    if (active < maxConcurrentTools) void start();
    else queue.push({ pending, start: () => void start() });
  };
}

function toContext(pending: PendingCall): ToolContext {
  return {
    callId: `call_${pending.call.id}`,
    get signal() {
      return pending.signal;
    },
  };
}

/** Others are let in when the answer is on its way, not when it is made: else there were two. */
async function answerLarge(id: number, making: Promise<ToolAnswer>, desk: CallDesk): Promise<void> {
  const release = desk.hold();
  try {
    desk.answer(id, await making);
  } finally {
    release();
  }
}

/** A value as the answer to a call; a promise when it is large. Never throws. */
export function toAnswer(
  toolName: string,
  value: unknown,
  { convention, maxResultBytes }: Pick<ToolRunnerOptions, "convention" | "maxResultBytes">,
): ToolAnswer | Promise<ToolAnswer> {
  const result = toResultJson(value, { maxBytes: maxResultBytes, asText: convention === "wire" });
  return result instanceof Promise
    ? result.then((found) => nameTool(toolName, found))
    : nameTool(toolName, result);
}

function nameTool(toolName: string, result: ResultValue): ToolAnswer {
  if (result.ok) return result;
  return { ok: false, message: `Result of "${toolName}" cannot be sent: ${result.message}` };
}
