/**
 * A sandbox session over AgentCore: turns frames to send and frames that arrive into as few invocations as there are.
 *
 * Guarantees: one invocation at a time; while the script waits for the host none is open; whatever ends the session also
 * stops it at AgentCore. It must not know cells, but for the running time that a `run` frame starts.
 */
import { ToolscriptError } from "../../errors.ts";
import { createBatchQueue, type BatchQueue } from "../../protocol/batch-queue.ts";
import { encodeFrames } from "../../protocol/codec.ts";
import { type FrameBatch, FrameReader } from "../../protocol/frame-reader.ts";
import { type OutgoingFrame, PROTOCOL_VERSION, type RunnerFrame } from "../../protocol/frames.ts";
import { TurnShare } from "../../turn-share.ts";
import type { PoolableSession } from "../pool.ts";
import type { KernelAnswer } from "./kernel-answer.ts";
import type { KernelChannel } from "./kernel-channel.ts";
import { PatienceClock } from "./patience-clock.ts";
import type { RemoteSession } from "./remote-session.ts";

/** What {@link AgentCoreSession.python} is before the runner has greeted. */
export const UNKNOWN_PYTHON = "unknown";

/** Seconds for the installation alone. */
const INSTALL_SECONDS = 10;

/** What a session stands on. */
export interface AgentCoreSessionParts {
  readonly remote: RemoteSession;
  readonly channel: KernelChannel;
  /** Begins every line of the runner. */
  readonly marker: string;
  readonly maxFrameBytes: number;
  readonly longestInvocationMs: number;
  /** Told once, when the session has ended. */
  onEnd(): void;
}

/** A live session. */
export class AgentCoreSession implements PoolableSession {
  readonly id: string;
  readonly ended: Promise<void>;
  readonly #parts: AgentCoreSessionParts;
  readonly #queue: BatchQueue<RunnerFrame>;
  readonly #patience: PatienceClock;
  readonly #abort = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  readonly #reader: FrameReader;
  #lines: string[] = [];
  /** The last cell that was sent, and the one to interrupt; 0 for none. */
  #cell = 0;
  #interruptedCell = 0;
  /** The script goes on by itself, or has more to tell. */
  #isOwed = false;
  #isPaused = false;
  #isExchanging = false;
  #isOver = false;
  #wakeTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: AgentCoreSessionParts) {
    this.#parts = parts;
    this.id = parts.remote.id;
    this.ended = this.#end.promise;
    this.#patience = new PatienceClock(parts.longestInvocationMs);
    this.#queue = createBatchQueue<RunnerFrame>((pause) => {
      this.#isPaused = pause;
      if (!pause) this.#go();
    });
    const { marker, maxFrameBytes } = parts;
    this.#reader = new FrameReader(marker, maxFrameBytes);
    this.#lines.push(...encodeFrames([{ type: "hello", version: PROTOCOL_VERSION, marker, maxFrameBytes }]));
  }

  /** `unknown` until the runner is installed. */
  get python(): string {
    return this.#reader.python ?? UNKNOWN_PYTHON;
  }

  get alive(): boolean {
    return !this.#isOver;
  }

  get frames(): AsyncIterable<readonly RunnerFrame[]> {
    return this.#queue.batches;
  }

  /** Installs the runner now. @throws {ToolscriptError} why it cannot be */
  async install(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#abort.signal]);
    do {
      const lines = this.#lines.splice(0);
      const delivery = { lines, seconds: INSTALL_SECONDS, interruptedCell: 0 };
      await this.#receive(await this.#parts.channel.exchange(delivery, either));
    } while (this.#isOwed && this.#reader.python === undefined); // on a slow machine it comes later
    if (this.#reader.python === undefined) throw violation("it did not greet");
  }

  /** Says how long a cell may run: the script can be interrupted only between two invocations. */
  expectRunningMs(runningMs: number | undefined): void {
    this.#patience.budgetMs = runningMs;
  }

  send(frames: readonly OutgoingFrame[]): undefined {
    if (this.#isOver || frames.length === 0) return;
    for (const frame of frames) {
      this.#lines.push(encodeFrames([frame]).join(""));
      this.#patience.noteSent(frame);
      if (frame.type === "run") this.#cell = frame.cell;
    }
    this.#go();
  }

  interrupt(): void {
    if (this.#isOver) return;
    this.#interruptedCell = this.#cell;
    this.#go();
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish(() => this.#queue.end());
    return this.#closing;
  }

  /** Exchanges as long as there is a reason to. */
  #go(): void {
    if (this.#isExchanging || this.#isPaused || !this.#hasReason()) return;
    this.#isExchanging = true;
    clearTimeout(this.#wakeTimer);
    this.#exchange().then(
      () => {
        this.#isExchanging = false;
        this.#go();
      },
      (error: unknown) => this.#fail(error as Error),
    );
  }

  #hasReason(): boolean {
    return !this.#isOver && (this.#lines.length > 0 || this.#interruptedCell > 0 || this.#isOwed);
  }

  async #exchange(): Promise<void> {
    const lines = this.#lines.splice(0);
    const interruptedCell = this.#interruptedCell;
    this.#interruptedCell = 0;
    const seconds = this.#patience.start();
    await this.#receive(
      await this.#parts.channel.exchange({ lines, seconds, interruptedCell }, this.#abort.signal),
    );
  }

  async #receive({ state, wakeInMs, text }: KernelAnswer): Promise<void> {
    const share = new TurnShare();
    const lines = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    let batch = this.#reader.read(Buffer.from(lines));
    while (!this.#isOver) {
      this.#handOn(batch);
      if (batch.isUsedUp) break;
      batch = await this.#reader.readRest(share);
    }
    if (this.#isOver) return;
    this.#isOwed = state === "running" || state === "more";
    this.#patience.noteAnswer(state === "running");
    if (state === "ended") throw ended(this.#reader.noise());
    if (wakeInMs !== null) this.#wakeTimer = setTimeout(() => this.#wake(), wakeInMs);
  }

  #handOn({ frames, bytes }: FrameBatch): void {
    for (const frame of frames) this.#patience.noteReceived(frame);
    this.#queue.push(frames, bytes);
  }

  #wake(): void {
    this.#isOwed = true;
    this.#go();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#closing = this.#finish(() => this.#queue.fail(error));
    ignoreFailure(this.#closing); // `close()` tells its caller; the reason of the end is known already
  }

  async #finish(tell: () => void): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#wakeTimer);
    this.#abort.abort();
    this.#lines = [];
    tell();
    try {
      await this.#parts.remote.stop();
    } finally {
      this.#parts.onEnd();
      this.#end.resolve();
    }
  }
}

function ignoreFailure(work: Promise<void>): void {
  work.catch(() => {});
}

function violation(reason: string): ToolscriptError {
  return new ToolscriptError("protocol-violation", `Reading a frame of the runner failed: ${reason}`);
}

function ended(noise: string): ToolscriptError {
  const reason = noise === "" ? "its runner ended" : noise;
  return new ToolscriptError("sandbox-ended", `Reading from the runner in AgentCore failed: ${reason}`);
}
