/**
 * A script session: runs cells one after another in one sandbox session, answers their calls, keeps the budgets.
 *
 * Guarantees: at most one cell at a time; when the session ends, by whichever side, the running cell settles and
 * nothing stays behind. How frames travel is the sandbox's business, what a cell does is the cell's.
 */
import { ToolscriptError, isToolscriptError, toErrorMessage } from "../errors.ts";
import type { RunnerFrame } from "../protocol/frames.ts";
import type { Sandbox, SandboxSession } from "../sandbox/sandbox.ts";
import type { Tool } from "../tools/tool.ts";
import { TurnShare } from "../turn-share.ts";
import { Cell } from "./cell.ts";
import { DeclaredTools } from "./declared-tools.ts";
import { resolveLimits, type ScriptLimits } from "./limits.ts";
import { watchProcessor } from "./processor-watch.ts";
import type { ScriptRun } from "./script-run.ts";
import { createToolRunner, type ToolRunner } from "./tool-runner.ts";

/** Frames that are taken before the share of the turn is looked at. */
const FRAMES_A_LOOK = 16;

/** How a script talks to its tools: native takes keywords and returns parsed JSON, wire takes a dict and returns text. */
export type Convention = "native" | "wire";

/** Options of {@link openScriptSession}. */
export interface OpenScriptSessionOptions {
  readonly sandbox: Sandbox;
  /** Tools that scripts may call; those that do not allow the caller `programmatic` are left out. @default [] */
  readonly tools?: readonly Tool[];
  /** @default "native" */
  readonly convention?: Convention;
  readonly limits?: Partial<ScriptLimits>;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

/** Options of {@link ScriptSession.run}. */
export interface RunOptions {
  /** Ends the cell and, because a script can ignore anything else, the whole session; the result rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

/** One live interpreter with tools. Variables persist from cell to cell, also after an exception. */
export interface ScriptSession extends AsyncDisposable {
  readonly id: string;
  /** Version of the interpreter. */
  readonly python: string;
  /** False once the session has ended, by whichever side. */
  readonly alive: boolean;
  /** Replaces the tools, from the next cell on. @throws {ToolscriptError} `invalid-tool` */
  setTools(tools: readonly Tool[]): void;
  /** Starts a cell. @throws {ToolscriptError} `cell-running`, or why the session has ended */
  run(code: string, options?: RunOptions): ScriptRun;
  /** Ends the interpreter; pending calls are aborted. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a session.
 *
 * @throws {ToolscriptError} `invalid-argument` for a wrong limit, `invalid-tool`, or whatever `sandbox.open` throws
 * @example
 * await using session = await openScriptSession({ sandbox: wasm(), tools });
 * const { stdout } = await session.run("print(sum(await get_numbers()))").result;
 */
export async function openScriptSession(options: OpenScriptSessionOptions): Promise<ScriptSession> {
  const limits = resolveLimits(options.limits);
  const session = new LiveScriptSession(options.convention ?? "native", limits);
  session.setTools(options.tools ?? []);
  const { signal } = options;
  const { runningMs } = limits;
  session.attach(await options.sandbox.open({ runningMs, ...(signal === undefined ? {} : { signal }) }));
  return session;
}

class LiveScriptSession implements ScriptSession {
  readonly #tools: DeclaredTools;
  readonly #limits: ScriptLimits;
  readonly #runTool: ToolRunner;
  #sandbox: SandboxSession | undefined;
  #cells = 0;
  #calls = 0;
  #cell: Cell | undefined;
  #end: ToolscriptError | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lifetimeTimer: NodeJS.Timeout | undefined;
  #idleWatch: { stop(): void } | undefined;

  constructor(convention: Convention, limits: ScriptLimits) {
    this.#tools = new DeclaredTools(convention);
    this.#limits = limits;
    this.#runTool = createToolRunner({ convention, ...limits });
  }

  get id(): string {
    return this.#attached.id;
  }

  get python(): string {
    return this.#attached.python;
  }

  get alive(): boolean {
    return this.#end === undefined;
  }

  attach(sandbox: SandboxSession): void {
    this.#sandbox = sandbox;
    this.#lifetimeTimer = after(this.#limits.lifetimeMs, () => this.#expire("lifetime"));
    this.#idle();
    void this.#pump(sandbox);
  }

  setTools(tools: readonly Tool[]): void {
    this.#tools.replace(tools);
  }

  run(code: string, options: RunOptions = {}): ScriptRun {
    if (this.#end !== undefined) throw this.#end;
    if (this.#cell !== undefined) {
      throw new ToolscriptError(
        "cell-running",
        `Starting a cell failed: cell "${this.#cells}" is still running`,
      );
    }
    clearTimeout(this.#idleTimer);
    this.#idleWatch?.stop();
    this.#cells += 1;
    const cell = this.#startCell();
    this.#watch(cell, options.signal);
    const { maxOutputBytes, maxCalls, maxCallsInFlight } = this.#limits;
    void this.#attached.send([
      ...this.#tools.toFrames(code),
      { type: "run", cell: this.#cells, code, limits: { maxOutputBytes, maxCalls, maxCallsInFlight } },
    ]);
    return cell;
  }

  async close(): Promise<void> {
    this.#over(new ToolscriptError("session-closed", "Using the session failed: it was closed"));
    await this.#sandbox?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #attached(): SandboxSession {
    if (this.#sandbox === undefined) {
      throw new ToolscriptError("session-closed", "Using the session failed: it is not open");
    }
    return this.#sandbox;
  }

  #startCell(): Cell {
    const sandbox = this.#attached;
    const cell = new Cell({
      cell: this.#cells,
      tools: this.#tools.byName,
      limits: this.#limits,
      runTool: this.#runTool,
      processor: sandbox.processor,
      send: (frames) => sandbox.send(frames),
      interrupt: () => sandbox.interrupt(),
      kill: () => this.#abandon("the script did not react to an interrupt"),
      fail: (error) => this.#endBecause(sandbox, error),
      nextCallId: () => (this.#calls += 1),
    });
    this.#cell = cell;
    return cell;
  }

  #watch(cell: Cell, signal: AbortSignal | undefined): void {
    const onAbort = (): void => {
      cell.fail(
        new ToolscriptError("aborted", "Running the cell failed: it was aborted", { cause: signal?.reason }),
      );
      this.#abandon("a cell was aborted");
    };
    if (signal?.aborted === true) queueMicrotask(onAbort);
    else signal?.addEventListener("abort", onAbort, { once: true });
    const settled = (): void => {
      signal?.removeEventListener("abort", onAbort);
      if (this.#cell === cell) this.#cell = undefined;
      if (this.alive && this.#cell === undefined) this.#idle();
    };
    cell.result.then(settled, settled);
  }

  async #pump(sandbox: SandboxSession): Promise<void> {
    try {
      for await (const frames of sandbox.frames) {
        const rest = this.#receiveAll(frames, 0);
        if (rest !== undefined) await rest;
      }
      this.#over(new ToolscriptError("session-closed", "Using the session failed: it was closed"));
    } catch (error) {
      this.#endBecause(sandbox, error);
    }
  }

  /**
   * The frames of one read, in their order: as many in one turn of the loop as its share allows.
   *
   * @returns undefined when all have been received; else the promise of it
   */
  #receiveAll(frames: readonly RunnerFrame[], from: number): Promise<void> | undefined {
    for (let at = from; at < frames.length; at += 1) {
      const frame = frames[at];
      if (!this.alive || frame === undefined) return undefined;
      const room = this.#receive(frame);
      if (room !== undefined) return room.then(() => this.#receiveAll(frames, at + 1));
      if ((at + 1) % FRAMES_A_LOOK !== 0) continue;
      const share = new TurnShare();
      if (share.due) return share.yieldTurn().then(() => this.#receiveAll(frames, at + 1));
    }
    return undefined;
  }

  #receive(frame: RunnerFrame): Promise<void> | undefined {
    if (this.#cell === undefined || this.#cell.ended) {
      throw new ToolscriptError(
        "protocol-violation",
        `Reading a frame of the runner failed: "${frame.type}" while no cell runs`,
      );
    }
    const room = this.#cell.receive(frame);
    if (this.#cell.ended) this.#cell = undefined;
    return room;
  }

  #endBecause(sandbox: SandboxSession, error: unknown): void {
    this.#fail(error instanceof Error ? error : new Error(toErrorMessage(error)));
    sandbox.close().catch(() => {}); // the reason is known already; closing twice is allowed to fail
  }

  /** A script that ate its memory is a result; every other end is a failure. */
  #fail(error: Error): void {
    if (isToolscriptError(error, "sandbox-out-of-memory")) this.#cell?.endKilled("memory");
    const end = isToolscriptError(error)
      ? error
      : new ToolscriptError("sandbox-ended", `Using the session failed: ${error.message}`, { cause: error });
    this.#over(end);
  }

  #expire(limit: "lifetime"): void {
    this.#cell?.endKilled(limit);
    this.#abandon(`its lifetime of "${this.#limits.lifetimeMs}" ms is over`);
  }

  #abandon(reason: string): void {
    this.#over(
      new ToolscriptError("session-closed", `Using the session failed: it was ended because ${reason}`),
    );
    this.#sandbox?.close().catch(() => {}); // nobody waits for this end
  }

  #over(end: ToolscriptError): void {
    this.#end ??= end;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#lifetimeTimer);
    this.#idleWatch?.stop();
    this.#cell?.fail(end);
  }

  /** What a script left running must not compute on its own. */
  #watchIdle(): void {
    const { idleRunningMs } = this.#limits;
    this.#idleWatch?.stop();
    this.#idleWatch = watchProcessor(this.#sandbox?.processor, {
      budgetMs: idleRunningMs,
      onUse: (usedMs) => {
        if (usedMs > idleRunningMs) this.#abandon(computesIdly(usedMs, idleRunningMs));
      },
    });
  }

  #idle(): void {
    clearTimeout(this.#idleTimer);
    this.#watchIdle();
    this.#idleTimer = after(this.#limits.idleMs, () =>
      this.#abandon(`it was idle for "${this.#limits.idleMs}" ms`),
    );
  }
}

/** The error of a session whose script went on without a cell. */
function computesIdly(usedMs: number, allowedMs: number): string {
  return `threads or processes of its script used "${Math.round(usedMs)}" ms of processor time while no cell ran, at most "${allowedMs}"`;
}

/** A timer that keeps no process alive; 0 means never. */
function after(ms: number, action: () => void): NodeJS.Timeout | undefined {
  return ms === 0 ? undefined : setTimeout(action, ms).unref();
}
