/**
 * A sandbox session over AgentCore: turns frames to send and frames that arrive into as few invocations as there are.
 *
 * Guarantees: one invocation at a time; while the script waits for the host none is open; whatever ends the session also
 * stops it at AgentCore. It must not know cells, but for the running time that a `run` frame starts.
 */
import { setTimeout as delay } from "node:timers/promises";
import { shorten, ToolscriptError, toErrorMessage } from "../../errors.ts";
import { createBatchQueue, type BatchQueue } from "../../protocol/batch-queue.ts";
import { encodeFrames } from "../../protocol/codec.ts";
import { type FrameBatch, FrameReader } from "../../protocol/frame-reader.ts";
import { type OutgoingFrame, PROTOCOL_VERSION, type RunnerFrame } from "../../protocol/frames.ts";
import { TurnShare } from "../../turn-share.ts";
import type { PoolableSession } from "../pool.ts";
import type { KernelAnswer } from "./answer/kernel-answer.ts";
import { type Brought, ExchangePace } from "./exchange-pace.ts";
import type { KernelChannel } from "./kernel-channel.ts";
import { OutgoingTexts } from "./outgoing-texts.ts";
import { PatienceClock } from "./patience-clock.ts";
import type { RemoteSession } from "./remote-session.ts";

/** What {@link AgentCoreSession.python} is before the runner has greeted. */
export const UNKNOWN_PYTHON = "unknown";

/** Seconds for the installation alone, and milliseconds after which it is given up. */
const INSTALL_SECONDS = 10;
const INSTALL_TIMEOUT_MS = 60_000;

/** Characters of what a runner said at last that an error shows. */
const SHOWN_CHARACTERS = 1_000;

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
  readonly frames: AsyncIterable<readonly RunnerFrame[]>;
  readonly #parts: AgentCoreSessionParts;
  readonly #queue: BatchQueue<RunnerFrame>;
  readonly #patience: PatienceClock;
  readonly #pace = new ExchangePace();
  readonly #abort = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  readonly #reader: FrameReader;
  readonly #outgoing = new OutgoingTexts();
  /** The last cell that was sent, and the one to interrupt; 0 for none. */
  #cell = 0;
  #interruptedCell = 0;
  /** The script goes on by itself, or has more to tell. */
  #isOwed = false;
  /** Batches that were handed on, and how often somebody asked for one. */
  #handedOn = 0;
  #asked = 0;
  #isExchanging = false;
  #isOver = false;
  #scheduled: NodeJS.Immediate | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: AgentCoreSessionParts) {
    this.#parts = parts;
    this.id = parts.remote.id;
    this.ended = this.#end.promise;
    this.#patience = new PatienceClock(parts.longestInvocationMs);
    this.#queue = createBatchQueue<RunnerFrame>(() => {}); // nothing comes before all is read
    this.frames = { [Symbol.asyncIterator]: () => this.#iterate() };
    const { marker, maxFrameBytes } = parts;
    this.#reader = new FrameReader(marker, maxFrameBytes);
    void this.#add([{ type: "hello", version: PROTOCOL_VERSION, marker, maxFrameBytes }]);
  }

  /** `unknown` until the runner is installed. */
  get python(): string {
    return this.#reader.python ?? UNKNOWN_PYTHON;
  }

  get alive(): boolean {
    return !this.#isOver;
  }

  /** Installs the runner now. @throws {ToolscriptError} why it cannot be */
  async install(signal: AbortSignal): Promise<void> {
    this.#isExchanging = true;
    const either = AbortSignal.any([signal, this.#abort.signal]);
    const deadline = performance.now() + INSTALL_TIMEOUT_MS;
    let pauseMs: number | undefined = 0;
    while (pauseMs !== undefined && this.#reader.python === undefined && performance.now() < deadline) {
      await delay(pauseMs, undefined, { signal: either });
      pauseMs = await this.#exchange(INSTALL_SECONDS, either); // again: on a slow machine it greets later
    }
    if (this.#reader.python === undefined) throw violation("it did not greet");
    this.#isExchanging = false;
    this.#goOn(pauseMs);
  }

  /** Says how long a cell may run: the script can be interrupted only between two invocations. */
  expectRunningMs(runningMs: number | undefined): void {
    this.#patience.budgetMs = runningMs;
  }

  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined {
    if (this.#isOver || frames.length === 0) return undefined;
    for (const frame of frames) {
      this.#patience.noteSent(frame);
      if (frame.type === "run") this.#cell = frame.cell;
    }
    const room = this.#add(frames);
    this.#schedule();
    return room;
  }

  interrupt(): void {
    if (this.#isOver) return;
    this.#interruptedCell = this.#cell;
    this.#schedule();
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish(() => this.#queue.end());
    return this.#closing;
  }

  #add(frames: readonly OutgoingFrame[]): Promise<void> | undefined {
    return this.#outgoing.add(encodeFrames(frames));
  }

  #iterate(): AsyncIterator<readonly RunnerFrame[]> {
    const batches = this.#queue.batches[Symbol.asyncIterator]();
    return {
      next: () => {
        this.#asked += 1;
        this.#schedule();
        return batches.next();
      },
    };
  }

  /** Whether frames are being worked on: the answers to them belong together. */
  get #isBeingRead(): boolean {
    return this.#handedOn > 0 && this.#handedOn >= this.#asked;
  }

  /** At the end of this turn of the loop: what returns together leaves together. */
  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#go();
    });
  }

  /** Exchanges as long as there is a reason to. */
  #go(): void {
    if (this.#isOver || this.#isExchanging) return;
    const mayGoOn = !this.#isBeingRead || this.#interruptedCell > 0;
    // Whoever reads may be waiting for room to answer: that much is delivered, and the script waits.
    if (mayGoOn ? !this.#hasReason() : !this.#outgoing.isFull) return;
    this.#isExchanging = true;
    clearTimeout(this.#wakeTimer);
    this.#work(mayGoOn).then(
      (pauseMs) => {
        this.#isExchanging = false;
        this.#goOn(pauseMs);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #work(mayGoOn: boolean): Promise<number | undefined> {
    const { signal } = this.#abort;
    if (mayGoOn) return await this.#exchange(this.#patience.start(), signal);
    await this.#deliver(signal);
    return 0; // the script goes on with the next exchange
  }

  #hasReason(): boolean {
    return !this.#outgoing.isEmpty || this.#interruptedCell > 0 || this.#isOwed;
  }

  /** Goes on when there is a reason, after `pauseMs` in any case. */
  #goOn(pauseMs: number | undefined): void {
    if (this.#isOver) return;
    if (pauseMs === 0) this.#isOwed = true;
    else if (pauseMs !== undefined) this.#wakeTimer = setTimeout(() => this.#goOn(0), pauseMs);
    this.#schedule();
  }

  /** Brings what there is to the script and lets it go on; returns the pause until the next time. */
  async #exchange(seconds: number, signal: AbortSignal): Promise<number | undefined> {
    this.#isOwed = false;
    await this.#deliver(signal);
    const frames = this.#outgoing.take();
    const interruptedCell = this.#interruptedCell;
    this.#interruptedCell = 0;
    const startedAt = performance.now();
    const answer = await this.#parts.channel.exchange({ frames, seconds, interruptedCell }, signal);
    const ms = performance.now() - startedAt;
    const brought = await this.#receive(answer);
    const hasDelivered = frames !== "" || interruptedCell > 0;
    return this.#pace.pauseMs(answer, { ms, seconds, hasDelivered, brought });
  }

  /** Brings answers to a script that cannot go on yet: before more of its calls are fetched, those that are there. */
  async #deliver(signal: AbortSignal): Promise<void> {
    while (this.#outgoing.isFull) {
      await this.#parts.channel.hold(this.#outgoing.take(), signal);
      await this.#outgoing.refilled();
    }
  }

  /** Reads the frames of an answer and hands them on. */
  async #receive({ state, data }: KernelAnswer): Promise<Brought> {
    const share = new TurnShare();
    let brought: Brought = "nothing";
    let batch = this.#reader.read(data);
    while (!this.#isOver) {
      this.#handOn(batch);
      if (batch.frames.some(({ type }) => type !== "blocked")) brought = "frames";
      else if (batch.frames.length > 0 && brought === "nothing") brought = "waiting";
      if (batch.isUsedUp) break;
      batch = await this.#reader.readRest(share);
    }
    this.#patience.noteAnswer(state === "running");
    if (state === "ended") throw ended(this.#reader.noise());
    return brought;
  }

  #handOn({ frames, bytes }: FrameBatch): void {
    if (frames.length === 0) return;
    for (const frame of frames) this.#patience.noteReceived(frame);
    this.#handedOn += 1;
    this.#queue.push(frames, bytes);
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = thrown instanceof Error ? thrown : new Error(toErrorMessage(thrown));
    this.#closing = this.#finish(() => this.#queue.fail(error));
    ignoreFailure(this.#closing); // `close()` tells its caller; the reason of the end is known already
  }

  async #finish(tell: () => void): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#wakeTimer);
    clearImmediate(this.#scheduled);
    this.#abort.abort();
    this.#outgoing.close();
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
  const reason = noise === "" ? "its runner ended" : shorten(noise, SHOWN_CHARACTERS);
  return new ToolscriptError("sandbox-ended", `Reading from the runner in AgentCore failed: ${reason}`);
}
