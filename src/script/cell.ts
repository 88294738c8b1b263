/**
 * One cell from `run` to `done`: reads the runner's frames, answers calls, keeps the running time and the figures.
 *
 * Guarantees: `result` settles exactly once; every pending call is given up when the cell ends, for whatever reason; a
 * frame that does not fit ends the session and nothing else. It does not own the sandbox session: `kill` is given.
 */
import { ToolscriptError } from "../errors.ts";
import type { JsonValue, OutgoingFrame, RunnerFrame } from "../protocol/frames.ts";
import type { Tool } from "../tools/tool.ts";
import { CallTable, type PendingCall } from "./call-table.ts";
import { type CellOutput, createCellOutput } from "./cell-output.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import type { ScriptLimits } from "./limits.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { type RunningClock, startRunningClock } from "./running-clock.ts";
import type { CellResult, ExceededLimit, ScriptCall, ScriptEvent, ScriptRun } from "./script-run.ts";
import { limitResult, type ToolAnswer, type ToolRunner } from "./tool-runner.ts";

/** What a cell needs of its session. */
export interface CellContext {
  readonly cell: number;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly limits: ScriptLimits;
  readonly runTool: ToolRunner;
  send(frames: readonly OutgoingFrame[]): void;
  interrupt(): void;
  /** Ends the interpreter: the script did not react to an interrupt. */
  kill(): void;
  /** The next call id that the runner may use; ids grow by one over the whole session. */
  nextCallId(): number;
}

type CallFrame = Extract<RunnerFrame, { type: "call" }>;
type DoneFrame = Extract<RunnerFrame, { type: "done" }>;

/** What `returnCode` says of a killed interpreter, as a shell does for SIGKILL. */
const KILLED_RETURN_CODE = 137;

/** A running cell. */
export class Cell implements ScriptRun {
  readonly result: Promise<CellResult>;
  readonly #context: CellContext;
  readonly #settle = Promise.withResolvers<CellResult>();
  readonly #calls = new CallTable(({ id, tool }, timeoutMs) => {
    this.#refuse(id, "timeout", timeoutMessage(tool, timeoutMs));
  });
  readonly #events: EventLog = createEventLog();
  readonly #output: CellOutput;
  readonly #outbox: Outbox;
  readonly #clock: RunningClock;
  readonly #startedAt = performance.now();
  #graceTimer: NodeJS.Timeout | undefined;
  #limit: ExceededLimit | null = null;
  #resultBytes = 0;
  #ended = false;

  constructor(context: CellContext) {
    this.#context = context;
    this.result = this.#settle.promise;
    this.result.catch(() => {}); // a reader of events may never look at the promise
    this.#output = createCellOutput(context.limits.maxOutputBytes);
    this.#outbox = createOutbox((frames) => this.#send(frames));
    this.#clock = startRunningClock(context.limits.runningMs, () => this.#exceed("running-time"));
  }

  [Symbol.asyncIterator](): AsyncIterator<ScriptEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  resolve(callId: number, value: JsonValue): void {
    const call = this.#expect(callId);
    this.#answer(callId, limitResult(call.tool, JSON.stringify(value), this.#context.limits.maxResultBytes));
  }

  reject(callId: number, message: string, kind: "tool" | "timeout" = "tool"): void {
    this.#expect(callId);
    this.#refuse(callId, kind, message);
  }

  interrupt(): void {
    if (this.#ended || this.#graceTimer !== undefined) return;
    this.#context.interrupt();
    this.#graceTimer = setTimeout(() => {
      this.endKilled(this.#limit);
      this.#context.kill();
    }, this.#context.limits.interruptGraceMs);
  }

  /** Reads one frame of the runner. @throws {ToolscriptError} `protocol-violation` */
  receive(frame: RunnerFrame): void {
    if (frame.type === "hello" || frame.cell !== this.#context.cell) {
      throw wrongCell(frame, this.#context.cell);
    }
    if (frame.type === "call") this.#onCall(frame);
    else if (frame.type === "cancel") {
      this.#calls.giveUp(frame.id, "The script no longer waits for this call");
    } else if (frame.type === "output") this.#onOutput(frame.stream, frame.text);
    else if (frame.type === "blocked") this.#onBlocked(frame.wakeInMs);
    else this.#onDone(frame);
  }

  /** Whether the cell has its result. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the cell because its interpreter is gone through the script's own doing. */
  endKilled(limit: ExceededLimit | null): void {
    this.#limit = limit;
    this.#finish({ returnCode: KILLED_RETURN_CODE, droppedBytes: 0, survived: false });
  }

  /** Ends the cell with a failure of ours. */
  fail(error: Error): void {
    if (!this.#close("The session failed")) return;
    this.#events.end(error);
    this.#settle.reject(error);
  }

  #onCall(frame: CallFrame): void {
    const { limits, tools } = this.#context;
    const tool = tools.get(frame.tool);
    if (tool === undefined) throw violation(`the tool "${frame.tool}" is not declared`);
    const expected = this.#context.nextCallId();
    if (frame.id !== expected) throw violation(`call id "${frame.id}" is not fresh, wanted "${expected}"`);
    if (this.#calls.calls >= limits.maxCalls) throw violation(`more than "${limits.maxCalls}" calls`);
    if (this.#calls.inFlight >= limits.maxCallsInFlight) {
      throw violation(`more than "${limits.maxCallsInFlight}" calls in flight`);
    }
    const call: ScriptCall = { id: frame.id, tool: frame.tool, input: frame.input };
    const timeoutMs = Math.min(tool.timeoutMs ?? limits.callMs, limits.callMs);
    const pending = this.#calls.add(call, timeoutMs);
    this.#events.write(() => ({ type: "tool-call", call }));
    this.#run(tool, pending);
  }

  #run(tool: Tool, pending: PendingCall): void {
    const { id, input } = pending.call;
    const parsed = tool.parseInput(input);
    if (!parsed.ok) this.#refuse(id, "tool", parsed.message);
    else if (tool.execute !== undefined) {
      this.#context.runTool(tool, tool.execute, parsed.value, pending, (answer) => this.#answer(id, answer));
    }
  }

  #answer(id: number, answer: ToolAnswer): void {
    if (!answer.ok) {
      this.#refuse(id, "tool", answer.message);
      return;
    }
    const pending = this.#calls.take(id);
    if (pending === undefined) return; // cancelled or timed out meanwhile
    this.#resultBytes += Buffer.byteLength(answer.json);
    this.#reply(pending, { type: "result", id, json: answer.json });
  }

  #refuse(id: number, kind: "tool" | "timeout", message: string): void {
    const pending = this.#calls.take(id);
    if (pending === undefined) return;
    if (kind === "timeout") pending.giveUp("The call timed out");
    this.#reply(pending, { type: "error", id, kind, message });
  }

  #reply(pending: PendingCall, frame: OutgoingFrame): void {
    this.#events.write(() => ({
      type: "tool-result",
      call: pending.call,
      ms: performance.now() - pending.startedAt,
      ...(frame.type === "error" ? { error: frame.message } : {}),
    }));
    this.#outbox.push(frame, this.#calls.inFlight === 0);
  }

  #send(frames: readonly OutgoingFrame[]): void {
    if (this.#ended) return;
    this.#clock.resume();
    this.#context.send(frames);
  }

  #onOutput(stream: "stdout" | "stderr", text: string): void {
    const kept = this.#output.add(stream, text);
    if (kept === undefined) {
      throw violation(`output goes on far beyond "${this.#context.limits.maxOutputBytes}" bytes`);
    }
    if (kept !== "") this.#events.write(() => ({ type: "output", stream, text: kept }));
  }

  #onBlocked(wakeInMs: number | null): void {
    this.#clock.pause(wakeInMs);
    const made = this.#calls.takeWave();
    this.#events.write(() => ({ type: "blocked", waiting: this.#calls.waiting, made, wakeInMs }));
  }

  #onDone(frame: DoneFrame): void {
    this.#finish({ returnCode: frame.returnCode, droppedBytes: frame.droppedBytes, survived: true });
  }

  #exceed(limit: ExceededLimit): void {
    this.#limit = limit;
    this.interrupt();
  }

  #finish(end: { returnCode: number; droppedBytes: number; survived: boolean }): void {
    if (!this.#close("The script has ended")) return;
    const droppedBytes = end.droppedBytes + this.#output.droppedBytes;
    const result: CellResult = {
      stdout: this.#output.stdout,
      stderr: this.#output.stderr,
      returnCode: end.returnCode,
      limit: this.#limit ?? (droppedBytes > 0 ? "output" : null),
      survived: end.survived,
      stats: {
        calls: this.#calls.calls,
        waves: this.#calls.waves,
        maxInFlight: this.#calls.maxInFlight,
        totalMs: performance.now() - this.#startedAt,
        runningMs: this.#clock.usedMs,
        resultBytes: this.#resultBytes,
        droppedBytes,
      },
    };
    this.#events.write(() => ({ type: "finished", result }));
    this.#events.end();
    this.#settle.resolve(result);
  }

  /** Stops timers and calls; false when the cell had ended already. */
  #close(reason: string): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#calls.takeWave();
    this.#clock.stop();
    clearTimeout(this.#graceTimer);
    this.#outbox.clear();
    this.#calls.giveUpAll(reason);
    return true;
  }

  #expect(callId: number): ScriptCall {
    const call = this.#calls.get(callId);
    if (call !== undefined) return call;
    throw new ToolscriptError(
      "unknown-call",
      `Answering call "${callId}" failed: no call of this cell waits under that id`,
    );
  }
}

function violation(reason: string): ToolscriptError {
  return new ToolscriptError("protocol-violation", `Reading a frame of the runner failed: ${reason}`);
}

function wrongCell(frame: RunnerFrame, cell: number): ToolscriptError {
  const named = "cell" in frame ? `names cell "${frame.cell}"` : "is out of order";
  return violation(`"${frame.type}" ${named} while cell "${cell}" runs`);
}

/** The wording of the Claude API. */
function timeoutMessage(toolName: string, timeoutMs: number): string {
  return `Calling tool ['${toolName}'] timed out (no response after ${timeoutMs / 1000}s).`;
}
