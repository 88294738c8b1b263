/**
 * The host's end of the protocol over a pair of byte streams: a process's standard input and standard error, an
 * attached container, anything that carries bytes in order.
 *
 * Guarantees: every frame handed out is valid; a bad one ends this connection and nothing else; after the end nothing
 * is pending. It does not start or stop what is at the other end.
 */
import type { Writable } from "node:stream";
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import { TurnShare } from "../turn-share.ts";
import { type BatchQueue, createBatchQueue } from "./batch-queue.ts";
import { createMarker, encodeFrames } from "./codec.ts";
import { type FrameBatch, FrameReader } from "./frame-reader.ts";
import { DEFAULT_MAX_FRAME_BYTES, type OutgoingFrame, PROTOCOL_VERSION, type RunnerFrame } from "./frames.ts";
import { PacedWriter } from "./paced-writer.ts";

/** Bytes as they come: a `Readable`, or as much of one as is needed here. */
export interface ByteSource {
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  once(event: "end", listener: () => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** What to connect. */
export interface ConnectionOptions {
  /** Carries bytes to the runner. */
  readonly input: Writable;
  /** Carries bytes from the runner. */
  readonly output: ByteSource;
  /** @default 33_554_432 */
  readonly maxFrameBytes?: number;
  /** @default a random one */
  readonly marker?: string;
  /**
   * Asked for the reason when the other end's output ends by itself: the owner knows exit codes and the like.
   *
   * @default the plain `sandbox-ended`
   */
  readonly explainEnd?: (error: ToolscriptError) => Promise<ToolscriptError>;
}

/** An open connection. */
export interface Connection {
  /** Sends `hello` and resolves with the runner's Python version. @throws {ToolscriptError} `protocol-version`, `sandbox-ended` … */
  hello(): Promise<string>;
  /** Valid frames after `hello`, in batches of one read. To be iterated once. */
  readonly frames: AsyncIterable<readonly RunnerFrame[]>;
  /**
   * Sends frames, in order. Does nothing after the end.
   *
   * @returns undefined when more may be sent at once; else what resolves when the other end has taken enough, or the
   *   connection is over. Who does not wait fills this process's memory.
   */
  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined;
  /** The owner knows that the other end is gone, and why. The first reason counts. */
  fail(error: Error): void;
  /** The owner ends the connection: `frames` ends without an error, the input is closed. */
  end(): void;
  /** The last unmarked lines that the other end wrote, to explain an early end. */
  noise(): string;
}

/** Opens the host's end over two streams. */
export function openConnection(options: ConnectionOptions): Connection {
  return new StreamConnection(options);
}

class StreamConnection implements Connection {
  readonly frames: AsyncIterable<readonly RunnerFrame[]>;
  readonly #output: ByteSource;
  readonly #writer: PacedWriter;
  readonly #marker: string;
  readonly #maxFrameBytes: number;
  readonly #reader: FrameReader;
  readonly #queue: BatchQueue<RunnerFrame>;
  readonly #greeting = Promise.withResolvers<string>();
  #isGreeted = false;
  /** Reads that came while an earlier one was worked on; undefined when none is. */
  #unread: Buffer[] | undefined;
  #caughtUp = Promise.resolve();
  /** Reasons for which nothing is read at the moment. */
  #holds = 0;
  #over = false;

  constructor(options: ConnectionOptions) {
    const { input, output, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, marker = createMarker() } = options;
    this.#output = output;
    this.#writer = new PacedWriter(input);
    this.#marker = marker;
    this.#maxFrameBytes = maxFrameBytes;
    this.#reader = new FrameReader(marker, maxFrameBytes);
    this.#queue = createBatchQueue((pause) => this.#hold(pause));
    this.frames = this.#queue.batches;
    this.#greeting.promise.catch(() => {}); // a connection may fail before anybody asks for its greeting
    const onEnd = (cause?: Error): void => {
      void this.#caughtUp.then(() => this.#explainEnd(endOfOutput(cause), options.explainEnd));
    };
    output.on("data", (chunk: Buffer) => this.#receive(chunk));
    output.once("end", () => onEnd());
    output.once("error", onEnd);
    input.once("error", onEnd);
  }

  hello(): Promise<string> {
    const hello = {
      type: "hello",
      version: PROTOCOL_VERSION,
      marker: this.#marker,
      maxFrameBytes: this.#maxFrameBytes,
    } as const;
    void this.#writer.write(encodeFrames([hello]));
    return this.#greeting.promise;
  }

  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined {
    return this.#over ? undefined : this.#writer.write(encodeFrames(frames));
  }

  fail(error: Error): void {
    this.#finish(error, () => this.#queue.fail(error));
  }

  end(): void {
    const closed = new ToolscriptError(
      "session-closed",
      "Waiting for the runner failed: the session was closed",
    );
    this.#finish(closed, () => this.#queue.end());
  }

  noise(): string {
    return this.#reader.noise();
  }

  #finish(reason: Error, endQueue: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#greeting.reject(reason);
    endQueue();
    this.#writer.end();
    this.#output.resume(); // what still comes is thrown away, so that its end is seen
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#unread !== undefined) {
      this.#unread.push(chunk);
      return;
    }
    if (this.#take(chunk) === false) this.#caughtUp = this.#catchUp();
  }

  /** Hands on what a read gives; whether it is used up, undefined when all is over. */
  #take(chunk: Buffer): boolean | undefined {
    try {
      return this.#handOn(this.#reader.read(chunk));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #handOn({ frames, bytes, isUsedUp }: FrameBatch): boolean {
    const { python } = this.#reader;
    if (!this.#isGreeted && python !== undefined) {
      this.#isGreeted = true;
      this.#greeting.resolve(python);
    }
    this.#queue.push(frames, bytes);
    return isUsedUp;
  }

  /** Reads what could not be read at once, and what came meanwhile; nothing more comes until that is done. */
  async #catchUp(): Promise<void> {
    const unread: Buffer[] = [];
    this.#unread = unread;
    this.#hold(true);
    const share = new TurnShare();
    let isUsedUp: boolean | undefined = false;
    while (isUsedUp !== undefined && !this.#over) {
      const next = isUsedUp ? unread.shift() : undefined;
      if (isUsedUp && next === undefined) break;
      if (next === undefined) isUsedUp = await this.#takeRest(share);
      else isUsedUp = this.#take(next);
    }
    this.#unread = undefined;
    this.#hold(false);
  }

  async #takeRest(share: TurnShare): Promise<boolean | undefined> {
    try {
      return this.#handOn(await this.#reader.readRest(share));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #hold(isHeld: boolean): void {
    this.#holds += isHeld ? 1 : -1;
    if (isHeld) this.#output.pause();
    else if (this.#holds === 0) this.#output.resume();
  }

  #fail(thrown: unknown): void {
    this.fail(thrown instanceof Error ? thrown : new Error(toErrorMessage(thrown)));
  }

  #explainEnd(plain: ToolscriptError, explain: ConnectionOptions["explainEnd"]): void {
    if (explain === undefined || this.#over) {
      this.fail(plain);
      return;
    }
    explain(plain).then(
      (error) => this.fail(error),
      () => this.fail(plain),
    );
  }
}

function endOfOutput(cause?: Error): ToolscriptError {
  return new ToolscriptError("sandbox-ended", "Reading from the runner failed: its output ended", { cause });
}
