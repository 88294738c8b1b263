/**
 * Runs the model's scripts, one after another, in one script session that is opened for the first of them.
 *
 * Guarantees: variables persist from cell to cell while the interpreter lives; when it has ended, the next cell gets a
 * fresh one and the model is told; a script's failure is an answer to the model, a sandbox that cannot start is thrown.
 */
import { isToolscriptError, shorten, type ToolscriptErrorCode, toErrorMessage } from "../errors.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { toCellResultText } from "../script/cell-result-text.ts";
import type { ScriptLimits } from "../script/limits.ts";
import type { CellResult, ScriptEvent, ScriptRun } from "../script/script-run.ts";
import { openScriptSession, type ScriptSession } from "../script/script-session.ts";
import type { Tool } from "../tools/tool.ts";
import { type Recorder, toCallIdPrefix } from "./recorder.ts";
import type { ToolUseAnswer } from "./tool-use.ts";

/** What a {@link CellRunner} needs of its run. */
export interface CellRunnerOptions {
  readonly sandbox: Sandbox;
  readonly tools: readonly Tool[];
  readonly limits: ScriptLimits;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
}

/** Failures that end one session and not the run. */
const SESSION_FAILURES: readonly ToolscriptErrorCode[] = [
  "protocol-violation",
  "frame-too-large",
  "session-closed",
  "sandbox-ended",
  "sandbox-out-of-memory",
  "agentcore-session-lost",
];

/** Characters of an error of ours that the model reads. */
const MAX_ERROR_CHARS = 500;

const RESTARTED =
  "<notice>The interpreter was started anew for this script: variables of earlier ones were lost.</notice>\n";

/** The scripts of one run. */
export class CellRunner implements AsyncDisposable {
  readonly #options: CellRunnerOptions;
  #session: ScriptSession | undefined;
  #cells = 0;

  constructor(options: CellRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs one script and says what the model is to read.
   *
   * @throws {ToolscriptError} what opening a session throws, and `aborted`
   */
  async run(code: string): Promise<ToolUseAnswer> {
    const { recorder, signal } = this.#options;
    const isFirst = this.#session === undefined;
    const hasEnded = this.#session?.alive === false;
    const session = isFirst || hasEnded ? await this.#open() : this.#session;
    if (session === undefined) throw new Error("Cannot run a script: no session is open");
    this.#cells += 1;
    const cell = this.#cells;
    recorder.record({ type: "cell-started", cell, code });
    const answer = await this.#settle(cell, () => session.run(code, { signal }));
    return hasEnded ? { ...answer, text: RESTARTED + answer.text } : answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.close();
  }

  async #open(): Promise<ScriptSession> {
    const { sandbox, tools, limits, recorder, signal } = this.#options;
    const startedAtMs = recorder.atMs;
    await this.#session?.close();
    const session = await openScriptSession({ sandbox, tools, limits, signal, convention: "native" });
    this.#session = session;
    recorder.record({
      type: "session-opened",
      python: session.python,
      ms: recorder.atMs - startedAtMs,
    });
    return session;
  }

  async #settle(cell: number, start: () => ScriptRun): Promise<ToolUseAnswer> {
    const { recorder } = this.#options;
    try {
      const result = await this.#follow(cell, start());
      recorder.record({ type: "cell-finished", cell, result });
      return { text: toCellResultText(result), isError: result.returnCode !== 0 };
    } catch (thrown) {
      if (!SESSION_FAILURES.some((code) => isToolscriptError(thrown, code))) throw thrown;
      const error = toErrorMessage(thrown);
      recorder.record({ type: "cell-finished", cell, result: null, error });
      await this.#session?.close();
      return {
        // An interpreter that breaks down leaves many lines of addresses; the first one says what happened.
        text: `<notice>${shorten(error.split("\n")[0] ?? "", MAX_ERROR_CHARS)}. The interpreter has ended: all variables are lost.</notice>`,
        isError: true,
      };
    }
  }

  async #follow(cell: number, run: ScriptRun): Promise<CellResult> {
    for await (const event of run) this.#report(cell, event);
    return run.result;
  }

  #report(cell: number, event: ScriptEvent): void {
    const { recorder } = this.#options;
    if (event.type === "output") {
      recorder.record({ type: "output", cell, stream: event.stream, text: event.text });
    } else if (event.type === "tool-call" || event.type === "tool-result") {
      const { id, tool, input } = event.call;
      const call = { id: `${toCallIdPrefix(cell)}${id}`, caller: "programmatic", tool } as const;
      if (event.type === "tool-call") recorder.record({ type: "tool-call", ...call, input });
      else recorder.record({ type: "tool-result", ...call, ms: event.ms, ...toError(event.error) });
    }
  }
}

function toError(error: string | undefined): { readonly error?: string } {
  return error === undefined ? {} : { error };
}
