/**
 * The host's end of the protocol over a pair of byte streams: a process's standard input and standard error, an
 * attached container, anything that carries bytes in order.
 *
 * Guarantees: every frame handed out is valid; a bad one ends this connection and nothing else; after the end nothing
 * is pending. It does not start or stop what is at the other end.
 */
import type { Readable, Writable } from "node:stream";
import { ToolscriptError } from "../errors.ts";
import { type BatchQueue, createBatchQueue } from "./batch-queue.ts";
import { createMarker, decodeLine, encodeFrames } from "./codec.ts";
import { DEFAULT_MAX_FRAME_BYTES, type OutgoingFrame, PROTOCOL_VERSION, type RunnerFrame } from "./frames.ts";
import { createLineSplitter, type LineSplitter } from "./line-splitter.ts";

/** Characters of unmarked output that are kept to explain an early end. */
const KEPT_NOISE_CHARACTERS = 4096;

/** What to connect. */
export interface ConnectionOptions {
  /** Carries bytes to the runner. */
  readonly input: Writable;
  /** Carries bytes from the runner. */
  readonly output: Readable;
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
  /** Sends frames in one write. Does nothing after the end. */
  send(frames: readonly OutgoingFrame[]): void;
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
  readonly #input: Writable;
  readonly #marker: string;
  readonly #maxFrameBytes: number;
  readonly #splitter: LineSplitter;
  readonly #queue: BatchQueue<RunnerFrame>;
  readonly #greeting = Promise.withResolvers<string>();
  /** The last `blocked` as it came and as it was read: a script that makes one call after another repeats it. */
  #blockedLine: string | undefined;
  #blocked: RunnerFrame | undefined;
  #greeted = false;
  #over = false;
  #noise = "";

  constructor(options: ConnectionOptions) {
    const { input, output, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, marker = createMarker() } = options;
    this.#input = input;
    this.#marker = marker;
    this.#maxFrameBytes = maxFrameBytes;
    this.#splitter = createLineSplitter(maxFrameBytes + marker.length);
    this.#queue = createBatchQueue((pause) => {
      if (pause) output.pause();
      else output.resume();
    });
    this.frames = this.#queue.batches;
    this.#greeting.promise.catch(() => {}); // a connection may fail before anybody asks for its greeting
    const onEnd = (cause?: Error): void => this.#explainEnd(endOfOutput(cause), options.explainEnd);
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
    this.#input.write(encodeFrames([hello]));
    return this.#greeting.promise;
  }

  send(frames: readonly OutgoingFrame[]): void {
    if (!this.#over) this.#input.write(encodeFrames(frames));
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
    return this.#noise + this.#splitter.rest().slice(0, KEPT_NOISE_CHARACTERS);
  }

  #finish(reason: Error, endQueue: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#greeting.reject(reason);
    endQueue();
    this.#input.end();
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    try {
      const frames: RunnerFrame[] = [];
      for (const line of this.#splitter.push(chunk)) {
        const frame = this.#readLine(line);
        if (frame !== undefined) frames.push(frame);
      }
      this.#queue.push(frames);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** The frame of a line; undefined for a greeting and for what is no frame. */
  #readLine(line: string): RunnerFrame | undefined {
    if (line === this.#blockedLine) return this.#blocked;
    const frame = decodeLine(line, this.#marker);
    if (frame?.type === "blocked") {
      this.#blockedLine = line;
      this.#blocked = frame;
    }
    if (frame === undefined) {
      this.#noise = `${this.#noise}${line}\n`.slice(-KEPT_NOISE_CHARACTERS);
      return undefined;
    }
    if (this.#greeted !== (frame.type !== "hello")) throw unexpectedFrame(frame.type);
    if (frame.type !== "hello") return frame;
    if (frame.version !== PROTOCOL_VERSION) throw wrongVersion(frame.version);
    this.#greeted = true;
    this.#greeting.resolve(frame.python);
    return undefined;
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

function unexpectedFrame(type: string): ToolscriptError {
  return new ToolscriptError(
    "protocol-violation",
    `Reading a frame of the runner failed: "${type}" is out of order`,
  );
}

function wrongVersion(version: number): ToolscriptError {
  return new ToolscriptError(
    "protocol-version",
    `Greeting the runner failed: it speaks protocol version "${version}", wanted "${PROTOCOL_VERSION}"`,
  );
}

function endOfOutput(cause?: Error): ToolscriptError {
  return new ToolscriptError("sandbox-ended", "Reading from the runner failed: its output ended", { cause });
}
