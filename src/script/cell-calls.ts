/**
 * The calls of one cell, from the frame that makes one to the frame that answers it: admission, check, tool, answer.
 *
 * Guarantees: every call is answered once, whatever its check or its tool does, or is given up; the inputs that wait and
 * the answers on their way are bounded. How long calls take is the clock's and what they mean to the script the cell's.
 */
import { shorten, ToolscriptError, toErrorMessage } from "../errors.ts";
import type { JsonValue, OutgoingFrame, RunnerFrame } from "../protocol/frames.ts";
import { jsonBytes } from "../tools/result-value.ts";
import type { ParsedInput, Tool } from "../tools/tool.ts";
import { findUnknownKeys, tellsOf, toUnknownKeyText, type UnknownKey } from "../tools/unknown-keys.ts";
import { CallTable, type PendingCall } from "./call-table.ts";
import type { EventLog } from "./event-log.ts";
import type { ScriptLimits } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import type { ScriptCall } from "./script-run.ts";
import { type CallDesk, toAnswer, type ToolAnswer, type ToolRunner } from "./tool-runner.ts";

/** What the calls need of their cell and its session. */
export interface CallContext {
  readonly tools: ReadonlyMap<string, Tool>;
  readonly limits: ScriptLimits;
  readonly runTool: ToolRunner;
  readonly events: EventLog;
  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined;
  /** Ends the session: the script did what it must not do. */
  fail(error: ToolscriptError): void;
  /** The next call id that the runner may use; ids grow by one over the whole session. */
  nextCallId(): number;
  /** Told of processor time that the check of an input took elsewhere. */
  charge(ms: number): void;
  /** Told what the script's author should know although the call was made. */
  note(text: string): void;
}

type CallFrame = Extract<RunnerFrame, { type: "call" }>;

/** What an error frame takes on its way, beside its message. */
const ERROR_FRAME_BYTES = 64;

/** The calls of a running cell. */
export class CellCalls {
  readonly table = new CallTable(({ id, tool }, timeoutMs) => {
    this.refuse(id, "timeout", timeoutMessage(tool, timeoutMs));
  });
  readonly #context: CallContext;
  readonly #outbox: Outbox;
  readonly #desk: CallDesk;
  #isClosed = false;
  /** Bytes of results handed to the script. */
  resultBytes = 0;
  /** Whether the calls that wait are others than when this was last reset. */
  haveChanged = true;

  constructor(context: CallContext) {
    this.#context = context;
    this.#outbox = new Outbox({
      send: (frames) => (this.#isClosed ? undefined : context.send(frames)),
      fail: (error) => context.fail(error),
    });
    const outbox = this.#outbox;
    this.#desk = {
      enter: () => outbox.enter(),
      hold: () => outbox.hold(),
      room: () => (outbox.isFull ? outbox.changed() : undefined),
      answer: (id, answer) => this.#answer(id, answer),
    };
  }

  /** Takes a new call. @throws {ToolscriptError} `protocol-violation` */
  make(frame: CallFrame): void {
    const tool = this.#admit(frame);
    const { limits, events } = this.#context;
    const call: ScriptCall = { id: frame.id, tool: frame.tool, input: frame.input };
    const { inputBytes = 0 } = frame;
    const isOver = this.#isInputFull && inputBytes > 0;
    const pending = this.table.add(call, {
      timeoutMs: Math.min(tool.timeoutMs ?? limits.callMs, limits.callMs),
      inputBytes: isOver ? 0 : inputBytes,
      isRunHere: tool.execute !== undefined,
      owner: this.#context.runTool, // there is one for each session
    });
    this.haveChanged = true;
    events.write(() => ({ type: "tool-call", call }), inputBytes);
    if (isOver) this.refuse(call.id, "tool", tooMuchInput(tool.name, limits.maxInputBytesInFlight));
    else this.#check(tool, pending);
  }

  /** The script no longer waits for a call. */
  cancel(id: number): void {
    this.haveChanged = true;
    this.table.giveUp(id, "The script no longer waits for this call");
  }

  /** Answers a call with what somebody else's tool returned. @throws {ToolscriptError} `unknown-call` */
  resolve(id: number, value: JsonValue): void {
    const call = this.expect(id);
    const { maxResultBytes } = this.#context.limits;
    // Whoever answers for the tool gives what the script is to get: text in the wire convention, JSON in the native one.
    const answer = toAnswer(call.tool, value, { convention: "native", maxResultBytes });
    if (answer instanceof Promise) void answer.then((made) => this.#answer(id, made));
    else this.#answer(id, answer);
  }

  /** Answers a call with an error; does nothing when it does not wait. */
  refuse(id: number, kind: "tool" | "timeout", message: string): void {
    const pending = this.table.take(id);
    if (pending === undefined) return;
    if (kind === "timeout") pending.giveUp("The call timed out");
    this.#reply(pending, { type: "error", id, kind, message }, message.length + ERROR_FRAME_BYTES);
  }

  /** The call that waits under `id`. @throws {ToolscriptError} `unknown-call` */
  expect(id: number): ScriptCall {
    const call = this.table.get(id);
    if (call !== undefined) return call;
    throw new ToolscriptError(
      "unknown-call",
      `Answering call "${id}" failed: no call of this cell waits under that id`,
    );
  }

  /** Whether reading on would fill the host: with inputs that tools will use up, or with events that are being read. */
  get mustWait(): boolean {
    if (this.#isClosed) return false;
    if (this.#context.events.isFull) return true;
    return this.#isInputFull && this.table.areRunning && !this.#outbox.isFull;
  }

  /** Resolves when {@link mustWait} may have changed. */
  async changed(): Promise<void> {
    await Promise.race([this.table.changed(), this.#outbox.changed(), this.#context.events.read()]);
  }

  /** Gives up every call. */
  close(reason: string): void {
    this.#isClosed = true;
    this.table.takeWave();
    this.#outbox.close();
    this.table.giveUpAll(reason);
  }

  #admit(frame: CallFrame): Tool {
    const { limits, tools } = this.#context;
    const tool = tools.get(frame.tool);
    if (tool === undefined) throw violation(`the tool "${shorten(frame.tool)}" is not declared`);
    const expected = this.#context.nextCallId();
    if (frame.id !== expected) throw violation(`call id "${frame.id}" is not fresh, wanted "${expected}"`);
    if (this.table.calls >= limits.maxCalls) throw violation(`more than "${limits.maxCalls}" calls`);
    if (this.table.inFlight >= limits.maxCallsInFlight) {
      throw violation(`more than "${limits.maxCallsInFlight}" calls in flight`);
    }
    return tool;
  }

  /** Checks the input, here or where checks go that may take long, and runs the tool. */
  #check(tool: Tool, pending: PendingCall): void {
    const { id, input } = pending.call;
    const refuse = (error: unknown): void => this.refuse(id, "tool", uncheckable(tool.name, error));
    try {
      const parsed = tool.parseInput(input, pending);
      if (parsed instanceof Promise) {
        parsed.then((checked) => this.#run(tool, pending, checked)).catch(refuse);
      } else this.#run(tool, pending, parsed);
    } catch (error) {
      refuse(error);
    }
  }

  #run(tool: Tool, pending: PendingCall, parsed: ParsedInput): void {
    const { id } = pending.call;
    if (parsed.usedMs !== undefined) this.#context.charge(parsed.usedMs);
    if (pending.isGivenUp) return;
    const unknown = findUnknownKeys(
      tool.inputSchema,
      pending.call.input,
      parsed.ok ? parsed.value : undefined,
    );
    const dropped = unknown.filter((key) => key.isDropped);
    if (!parsed.ok || dropped.length > 0) {
      const reason = parsed.ok ? `Input of "${tool.name}" is wrong:` : parsed.message;
      this.refuse(id, "tool", withUnknown(reason, tool.name, parsed.ok ? dropped : unknown));
      return;
    }
    for (const key of unknown) {
      this.#context.note(
        shorten(`${toUnknownKeyText(tool.name, key)} It was passed on as it is.`, MAX_NOTE_CHARS),
      );
    }
    if (tool.execute !== undefined) {
      this.#context.runTool(tool, tool.execute, parsed.value, pending, this.#desk);
    }
  }

  #answer(id: number, answer: ToolAnswer): void {
    if (!answer.ok) {
      this.refuse(id, "tool", answer.message);
      return;
    }
    const pending = this.table.take(id);
    if (pending === undefined) return; // cancelled or timed out meanwhile
    const bytes = jsonBytes(answer.json);
    this.resultBytes += bytes;
    this.#reply(pending, { type: "result", id, json: answer.json }, bytes);
  }

  #reply(pending: PendingCall, frame: OutgoingFrame, bytes: number): void {
    this.haveChanged = true;
    this.#context.events.write(() => ({
      type: "tool-result",
      call: pending.call,
      ms: performance.now() - pending.startedAt,
      ...(frame.type === "error" ? { error: frame.message } : {}),
    }));
    this.#outbox.push(frame, bytes, this.table.inFlight === 0);
  }

  get #isInputFull(): boolean {
    return this.table.inputBytes > this.#context.limits.maxInputBytesInFlight;
  }
}

/** The error of a runner that does what it must not do. */
export function violation(reason: string): ToolscriptError {
  return new ToolscriptError("protocol-violation", `Reading a frame of the runner failed: ${reason}`);
}

/** A refusal, with the keys that may be what was meant by those that are missing. */
function withUnknown(message: string, toolName: string, unknown: readonly UnknownKey[]): string {
  const untold = unknown.slice(0, MAX_TOLD_KEYS).filter((key) => !tellsOf(message, key));
  const texts = untold.map((key) => toUnknownKeyText(toolName, key));
  const [separator, rest] = [message.endsWith(":") ? " " : "; ", texts.join("; ")];
  return rest === "" ? message : `${message}${separator}${rest}`;
}

/** Characters of one note. */
const MAX_NOTE_CHARS = 300;
/** Unknown keys that one error tells of. */
const MAX_TOLD_KEYS = 3;

function uncheckable(toolName: string, error: unknown): string {
  return `Input of "${toolName}" cannot be checked: ${shorten(toErrorMessage(error))}`;
}

function tooMuchInput(toolName: string, maxBytes: number): string {
  return `Calling "${toolName}" failed: the inputs of the calls that wait take more than "${maxBytes}" bytes; await some of them first, or send less in one call`;
}

/** The wording of the Claude API. */
function timeoutMessage(toolName: string, timeoutMs: number): string {
  return `Calling tool ['${toolName}'] timed out (no response after ${timeoutMs / 1000}s).`;
}
