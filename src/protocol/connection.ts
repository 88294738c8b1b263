/**
 * The host's end of the protocol over a pair of byte streams: a process's standard input and standard error, an
 * attached container, anything that carries bytes in order.
 *
 * Guarantees: every frame handed out is valid; a bad one ends this connection and nothing else; after the end nothing
 * is pending. It does not start or stop what is at the other end.
 */
import type { Readable, Writable } from "node:stream";
import { ToolscriptError } from "../errors.ts";
import { createBatchQueue } from "./batch-queue.ts";
import { createMarker, decodeLine, encodeFrames } from "./codec.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  type OutgoingFrame,
  PROTOCOL_VERSION,
  type RunnerFrame,
} from "./frames.ts";
import { createLineSplitter } from "./line-splitter.ts";

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
  const { input, output, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, marker = createMarker() } = options;
  const splitter = createLineSplitter(maxFrameBytes + marker.length);
  const queue = createBatchQueue<RunnerFrame>((pause) => {
    if (pause) output.pause();
    else output.resume();
  });
  const greeting = Promise.withResolvers<string>();
  greeting.promise.catch(() => {}); // a connection may fail before anybody asks for its greeting
  let greeted = false;
  let over = false;
  let noise = "";

  function fail(error: Error): void {
    if (over) return;
    over = true;
    greeting.reject(error);
    queue.fail(error);
    input.end();
  }

  function receive(chunk: Buffer): void {
    if (over) return;
    try {
      queue.push(splitter.push(chunk).flatMap(readLine));
    } catch (error) {
      fail(error as Error);
    }
  }

  function readLine(line: string): RunnerFrame[] {
    const frame = decodeLine(line, marker);
    if (frame === undefined) {
      noise = `${noise}${line}\n`.slice(-KEPT_NOISE_CHARACTERS);
      return [];
    }
    if (greeted !== (frame.type !== "hello")) throw unexpectedFrame(frame.type);
    if (frame.type !== "hello") return [frame];
    if (frame.version !== PROTOCOL_VERSION) throw wrongVersion(frame.version);
    greeted = true;
    greeting.resolve(frame.python);
    return [];
  }

  function explainEnd(cause?: Error): void {
    const plain = endOfOutput(cause);
    if (options.explainEnd === undefined || over) fail(plain);
    else options.explainEnd(plain).then(fail, () => fail(plain));
  }

  output.on("data", receive);
  output.once("end", () => explainEnd());
  output.once("error", explainEnd);
  input.once("error", explainEnd);

  return {
    hello() {
      input.write(encodeFrames([{ type: "hello", version: PROTOCOL_VERSION, marker, maxFrameBytes }]));
      return greeting.promise;
    },
    frames: queue.batches,
    send(frames) {
      if (!over) input.write(encodeFrames(frames));
    },
    fail,
    end() {
      if (over) return;
      over = true;
      greeting.reject(new ToolscriptError("session-closed", "Waiting for the runner failed: the session was closed"));
      queue.end();
      input.end();
    },
    noise: () => noise + splitter.rest().slice(0, KEPT_NOISE_CHARACTERS),
  };
}

function unexpectedFrame(type: string): ToolscriptError {
  return new ToolscriptError("protocol-violation", `Reading a frame of the runner failed: "${type}" is out of order`);
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
