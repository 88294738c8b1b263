/**
 * One cell from `run` to `done`: reads the runner's frames, keeps time, output and figures.
 *
 * Guarantees: `result` settles exactly once; every pending call is given up when the cell ends, for whatever reason; a
 * frame that does not fit ends the session and nothing else. It does not own the sandbox session: `kill` is given.
 */
import type { ToolscriptError } from "../errors.ts";
import type { JsonValue, OutgoingFrame, RunnerFrame } from "../protocol/frames.ts";
import type { ProcessorUse } from "../sandbox/sandbox.ts";
import type { Tool } from "../tools/tool.ts";
import { CellCalls, violation } from "./cell-calls.ts";
import { type CellOutput, createCellOutput } from "./cell-output.ts";
import { CellTime } from "./cell-time.ts";
import { EventLog } from "./event-log.ts";
import type { ScriptLimits } from "./limits.ts";
import type { CellResult, ExceededLimit, ScriptEvent, ScriptRun } from "./script-run.ts";
import type { ToolRunner } from "./tool-runner.ts";

/** What a cell needs of its session. */
export interface CellContext {
  readonly cell: number;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly limits: ScriptLimits;
  readonly runTool: ToolRunner;
  readonly processor: ProcessorUse | undefined;
  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined;
  interrupt(): void;
  /** Ends the interpreter: the script did not react to an interrupt. */
  kill(): void;
  /** Ends the session: the script did what it must not do. */
  fail(error: ToolscriptError): void;
  /** The next call id that the runner may use; ids grow by one over the whole session. */
  nextCallId(): number;
}

type DoneFrame = Extract<RunnerFrame, { type: "done" }>;

/** What `returnCode` says of a killed interpreter, as a shell does for SIGKILL. */
const KILLED_RETURN_CODE = 137;

/**
 * `blocked` frames that say that nothing can go on, while no call waits, beyond one for each answer: a runner that is slow
 * takes answers one by one that left together, and waits after each of them. More are no wait.
 */
const MAX_EMPTY_WAITS = 16;

/** Notes that a result has; whoever reads three knows what is wrong. */
const MAX_NOTES = 3;
const AND_MORE = "There were more such arguments.";

/** A running cell. */
export class Cell implements ScriptRun {
  readonly result: Promise<CellResult>;
  readonly #context: CellContext;
  readonly #settle = Promise.withResolvers<CellResult>();
  readonly #events = new EventLog();
  readonly #calls: CellCalls;
  readonly #output: CellOutput;
  readonly #time: CellTime;
  /** Each once; in the end a few. */
  readonly #notes = new Set<string>();
  #hasMoreNotes = false;
  #limit: ExceededLimit | null = null;
  #emptyWaits = 0;
  #answers = 0;
  #ended = false;

  constructor(context: CellContext) {
    this.#context = context;
    this.result = this.#settle.promise;
    this.result.catch(() => {}); // a reader of events may never look at the promise
    this.#output = createCellOutput(context.limits.maxOutputBytes);
    this.#time = this.#startTime(context);
    this.#calls = new CellCalls({
      ...context,
      events: this.#events,
      send: (frames) => this.#send(frames),
      charge: (ms) => this.#time.clock.add(ms),
      note: (text) => this.#note(text),
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<ScriptEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  resolve(callId: number, value: JsonValue): void {
    this.#calls.resolve(callId, value);
  }

  reject(callId: number, message: string, kind: "tool" | "timeout" = "tool"): void {
    this.#calls.expect(callId);
    this.#calls.refuse(callId, kind, message);
  }

  interrupt(): void {
    if (!this.#ended) this.#time.interrupt();
  }

  /**
   * Reads one frame of the runner.
   *
   * @returns undefined when the next one may come; else what resolves when the host holds little enough for that
   * @throws {ToolscriptError} `protocol-violation`
   */
  receive(frame: RunnerFrame): Promise<void> | undefined {
    if (frame.type === "hello" || frame.cell !== this.#context.cell) {
      throw wrongCell(frame, this.#context.cell);
    }
    if (frame.type === "call") this.#onCall(frame);
    else if (frame.type === "cancel") this.#calls.cancel(frame.id);
    else if (frame.type === "output") this.#onOutput(frame.stream, frame.text);
    else if (frame.type === "blocked") this.#onBlocked(frame.wakeInMs);
    else this.#onDone(frame);
    return this.#calls.mustWait ? this.#waitForRoom() : undefined;
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

  #startTime(context: CellContext): CellTime {
    return new CellTime(context.limits, context.processor, {
      exceed: (limit) => {
        this.#limit = limit;
        this.interrupt();
      },
      interrupt: () => context.interrupt(),
      kill: () => {
        this.endKilled(this.#limit);
        context.kill();
      },
    });
  }

  #send(frames: readonly OutgoingFrame[]): Promise<void> | undefined {
    this.#answers += frames.length;
    this.#time.clock.resume();
    return this.#context.send(frames);
  }

  /**
   * Nothing is read meanwhile, so the script may have to wait as well. That it does not compute instead is known where its
   * processor time is.
   */
  async #waitForRoom(): Promise<void> {
    while (this.#calls.mustWait) {
      if (this.#context.processor !== undefined) this.#time.clock.pause(null);
      await this.#calls.changed();
    }
    this.#time.clock.resume();
  }

  #onCall(frame: Extract<RunnerFrame, { type: "call" }>): void {
    this.#time.clock.noteSign();
    this.#calls.make(frame);
  }

  #onOutput(stream: "stdout" | "stderr", text: string): void {
    const kept = this.#output.add(stream, text);
    if (kept === undefined) {
      throw violation(`output goes on far beyond "${this.#context.limits.maxOutputBytes}" bytes`);
    }
    if (kept !== "") this.#events.write(() => ({ type: "output", stream, text: kept }), kept.length);
  }

  #onBlocked(wakeInMs: number | null): void {
    const { table } = this.#calls;
    this.#time.clock.noteSign();
    if (wakeInMs !== null || table.inFlight > 0) this.#time.clock.pause(wakeInMs);
    else if ((this.#emptyWaits += 1) > this.#answers + MAX_EMPTY_WAITS) {
      throw violation("it says that it waits, while no call waits and no timer is due");
    }
    const made = table.takeWave();
    if (!this.#calls.haveChanged) return;
    this.#calls.haveChanged = false;
    this.#events.write(() => ({
      type: "blocked",
      get waiting() {
        return table.waiting;
      },
      made,
      wakeInMs,
    }));
  }

  #note(text: string): void {
    if (this.#notes.has(text)) return;
    if (this.#notes.size < MAX_NOTES) this.#notes.add(text);
    else this.#hasMoreNotes = true;
  }

  #onDone(frame: DoneFrame): void {
    this.#finish({ returnCode: frame.returnCode, droppedBytes: frame.droppedBytes, survived: true });
  }

  #finish(end: { returnCode: number; droppedBytes: number; survived: boolean }): void {
    if (!this.#close("The script has ended")) return;
    const droppedBytes = end.droppedBytes + this.#output.droppedBytes;
    const { table, resultBytes } = this.#calls;
    const result: CellResult = {
      stdout: this.#output.stdout,
      stderr: this.#output.stderr,
      returnCode: end.returnCode,
      limit: this.#limit ?? (droppedBytes > 0 ? "output" : null),
      survived: end.survived,
      notes: this.#hasMoreNotes ? [...this.#notes, AND_MORE] : [...this.#notes],
      stats: {
        calls: table.calls,
        waves: table.waves,
        maxInFlight: table.maxInFlight,
        totalMs: this.#time.totalMs,
        runningMs: this.#time.clock.usedMs,
        resultBytes,
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
    this.#time.stop();
    this.#calls.close(reason);
    return true;
  }
}

function wrongCell(frame: RunnerFrame, cell: number): ToolscriptError {
  const named = "cell" in frame ? `names cell "${frame.cell}"` : "is out of order";
  return violation(`"${frame.type}" ${named} while cell "${cell}" runs`);
}
