/**
 * One script between the model that wrote it and the client that answers its calls, over as many requests as it takes.
 *
 * Guarantees: a call is handed out until a response with it was delivered, and then never again; a result is applied at
 * most once; late results of calls that nobody waits for are ignored; the script runs on while its client is away.
 */
import { isToolscriptError } from "../../errors.ts";
import { parseCodeExecutionInput } from "../../script/code-execution.ts";
import type { CellResult, ScriptCall, ScriptEvent, ScriptRun } from "../../script/script-run.ts";
import type { ScriptSession } from "../../script/script-session.ts";
import { type ProgrammaticResult, unexpectedResult } from "../conversation/read-history.ts";
import { createId } from "../ids.ts";
import type { CodeErrorCode, Outcome } from "../render/result-text.ts";
import { type Steps, runInShares } from "../../turn-share.ts";
import { orAbort } from "../waiting.ts";

/** A call on its way to the client. */
export interface HandedCall {
  /** Id of its `tool_use`. */
  readonly id: string;
  readonly call: ScriptCall;
}

/** What a script came to. */
export type Progress =
  | { readonly type: "wave"; readonly calls: readonly HandedCall[] }
  | { readonly type: "finished"; readonly outcome: Outcome };

/** What the proxy knows of one call. */
interface CallRecord {
  readonly callId: number;
  readonly useId: string;
  /** A response with this call was delivered. */
  handed: boolean;
  answered: boolean;
  /** A response to its answer was delivered: the answer must not come again. */
  spent: boolean;
  /** The script has our answer, and its own event of that has not come by. */
  isUnseen: boolean;
}

/** One script. */
export class Execution {
  /** Id of its `server_tool_use`. */
  readonly id: string;
  readonly #input: unknown;
  readonly #byCall = new Map<number, CallRecord>();
  readonly #byUse = new Map<string, CallRecord>();
  #run: ScriptRun | undefined;
  #outcome: Outcome | undefined;
  /** The last `blocked` that counts, which knows the calls that wait; undefined while the script runs. */
  #blocked: Extract<ScriptEvent, { type: "blocked" }> | undefined;
  /** Answers given whose own event has not been seen: a `blocked` before it is out of date. */
  #unseenAnswers = 0;
  #changed = Promise.withResolvers<void>();
  #isKnown = false;
  #isDelivered = false;
  #isLate = false;

  constructor(id: string, input: unknown) {
    this.id = id;
    this.#input = input;
  }

  /** Whether the script has been started, or will never be. */
  get started(): boolean {
    return this.#run !== undefined || this.#outcome !== undefined;
  }

  get finished(): boolean {
    return this.#outcome !== undefined;
  }

  /** Whether the client has the script in its history. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether its end is part of a response. */
  get isDelivered(): boolean {
    return this.#isDelivered;
  }

  /** Whether the script computes right now, waiting for no call. */
  get isBusy(): boolean {
    return this.#run !== undefined && !this.finished && this.#blocked === undefined;
  }

  /** Starts the script; input that is no script becomes its outcome. */
  start(session: ScriptSession): void {
    if (this.started) return; // given up while the interpreter was starting
    const parsed = parseCodeExecutionInput(this.#input);
    if (!parsed.ok) {
      this.fail("invalid_tool_input");
      return;
    }
    const run = session.run(parsed.code);
    this.#run = run;
    void this.#watch(run);
  }

  /** Ends the script without a result. */
  fail(code: CodeErrorCode, cause?: unknown): void {
    this.#end({ type: "error", code, cause });
  }

  /** @throws {ApiError} for a result of a call that was never handed out, or was answered before */
  check(result: ProgrammaticResult): void {
    const record = this.#byUse.get(result.id);
    if (record === undefined || record.spent) throw unexpectedResult(result.id, result.path);
  }

  /** The calls that wait for the client and are not among the `given`: without them the script could never go on. */
  findUnanswered(given: ReadonlySet<string>): readonly string[] {
    return (this.#blocked?.waiting ?? [])
      .map(({ id }) => this.#byCall.get(id))
      .filter((record) => record !== undefined && record.handed && !given.has(record.useId))
      .map((record) => record?.useId ?? "");
  }

  /** Gives the script a result that `check` let pass; one that nobody waits for is ignored. */
  answer(result: ProgrammaticResult): void {
    const record = this.#byUse.get(result.id);
    if (record === undefined || record.answered) return;
    record.answered = true;
    if (!this.#settle(record.callId, result)) return;
    record.isUnseen = true;
    this.#unseenAnswers += 1;
    this.#blocked = undefined;
  }

  /**
   * Waits until the script has new calls, or ends. Calls of tools that are not `allowed` any more raise `ToolError`.
   *
   * @throws {ToolscriptError} `aborted`
   */
  async next(allowed: ReadonlySet<string>, signal: AbortSignal): Promise<Progress> {
    for (;;) {
      if (this.#outcome !== undefined) return { type: "finished", outcome: this.#outcome };
      const changed = this.#changed.promise;
      const fresh = await runInShares(this.#takeFresh(allowed));
      if (fresh.length > 0) return { type: "wave", calls: fresh };
      await orAbort(changed, signal);
    }
  }

  /** Ends a script that took too long to end, or to ask its client: it slept, or waited for calls given up before. */
  endLate(): void {
    this.#isLate = true;
    this.#run?.interrupt();
  }

  /** Its end has become part of the response. */
  deliver(): void {
    this.#isDelivered = this.finished;
  }

  /** The response that held these calls, or answered them, was delivered. */
  confirm(): void {
    this.#isKnown = true;
    for (const record of this.#byUse.values()) {
      record.handed = true;
      record.spent ||= record.answered;
    }
  }

  /** Raises `KeyboardInterrupt` and waits until the script has ended. */
  async interrupt(): Promise<void> {
    if (!this.started) this.fail("unavailable");
    this.#run?.interrupt();
    await this.#run?.result.catch(() => {}); // its end is all that matters
  }

  #settle(callId: number, { text, isError }: ProgrammaticResult): boolean {
    try {
      if (isError) this.#run?.reject(callId, text);
      else this.#run?.resolve(callId, text);
      return true;
    } catch (error) {
      if (isToolscriptError(error, "unknown-call")) return false;
      throw error;
    }
  }

  /** The waiting calls that no delivered response holds; none when the script has gone on meanwhile. */
  *#takeFresh(allowed: ReadonlySet<string>): Steps<readonly HandedCall[]> {
    const blocked = this.#blocked;
    const fresh: HandedCall[] = [];
    for (const call of blocked?.waiting ?? []) {
      if (this.#byCall.get(call.id)?.handed === true) continue;
      if (allowed.has(call.tool)) fresh.push({ id: this.#record(call.id).useId, call });
      else this.#refuse(call);
      yield;
    }
    return this.#blocked === blocked || blocked === undefined ? fresh : [];
  }

  #refuse(call: ScriptCall): void {
    const text = `Tool "${call.tool}" cannot be called any more: it is no longer among the tools that scripts may call`;
    const record = this.#record(call.id);
    this.answer({ id: record.useId, executionId: this.id, text, isError: true, path: "" });
  }

  #record(callId: number): CallRecord {
    const known = this.#byCall.get(callId);
    if (known !== undefined) return known;
    const useId = createId("toolu");
    const record = { callId, useId, handed: false, answered: false, spent: false, isUnseen: false };
    this.#byCall.set(callId, record);
    this.#byUse.set(record.useId, record);
    return record;
  }

  async #watch(run: ScriptRun): Promise<void> {
    try {
      for await (const event of run) this.#see(event);
    } catch (error) {
      this.fail("unavailable", error);
    }
  }

  #see(event: ScriptEvent): void {
    if (event.type === "tool-result") this.#seeAnswer(event.call.id);
    else if (event.type === "blocked" && this.#unseenAnswers === 0) this.#block(event);
    else if (event.type === "finished") this.#end({ type: "result", result: this.#judge(event.result) });
  }

  /** Our own answers are counted; a call that timed out wakes the script as well. */
  #seeAnswer(callId: number): void {
    const record = this.#byCall.get(callId);
    if (record?.isUnseen === true) {
      record.isUnseen = false;
      this.#unseenAnswers -= 1;
    }
    this.#blocked = undefined;
  }

  #block(event: Extract<ScriptEvent, { type: "blocked" }>): void {
    this.#blocked = event;
    this.#notify();
  }

  /** An interrupt of ours is no doing of the script's own. */
  #judge(result: CellResult): CellResult {
    return this.#isLate && result.limit === null ? { ...result, limit: "total-time" } : result;
  }

  #end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#blocked = undefined;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
