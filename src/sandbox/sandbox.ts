/**
 * The sandbox contract: a place that opens isolated Python interpreters and carries frames to and from them.
 *
 * A backend starts the runner, says `hello`, and hands out a session. It knows nothing of tools, models or cells.
 * Lifecycle stays with the backend: code that runs tools sees only {@link SandboxSession}.
 * Every backend passes the contract suite of `toolscript/testing`.
 */
import type { OutgoingFrame, RunnerFrame } from "../protocol/frames.ts";

/** A place that opens isolated interpreters. */
export interface Sandbox {
  /** Short name for people and metrics: `wasm`, `docker`, `agentcore`. */
  readonly name: string;
  /**
   * Starts one interpreter and waits until its runner has answered `hello`.
   *
   * @throws {ToolscriptError} `sandbox-unavailable`, `sandbox-timeout`, `aborted`, or a code of the backend
   */
  open(options?: OpenSandboxOptions): Promise<SandboxSession>;
  /** Ends every session and releases what the backend holds (a pool, a client). Safe to call twice. */
  close(): Promise<void>;
}

/** Options of {@link Sandbox.open}. */
export interface OpenSandboxOptions {
  /** Gives up the start. */
  signal?: AbortSignal;
  /**
   * Milliseconds after which a running cell is interrupted: a hint for backends that hear of an interrupt only between
   * two requests.
   */
  runningMs?: number;
}

/** One live interpreter. */
export interface SandboxSession {
  /** Unique on this host; safe to log. */
  readonly id: string;
  /** Version of the interpreter, `major.minor.micro`. */
  readonly python: string;
  /** What the sandbox really used of the machine's processors; undefined where no one but the script could say. */
  readonly processor?: ProcessorUse;
  /**
   * Frames as they arrive, validated, in batches of one read. To be iterated once. Ends when the session was
   * closed by its owner; throws a {@link ToolscriptError} when it ended in any other way.
   */
  readonly frames: AsyncIterable<readonly RunnerFrame[]>;
  /**
   * Sends frames, in order. Does nothing once the session has ended.
   *
   * @returns undefined when more may be sent at once; else what resolves when that is so, or the session has ended
   */
  send(frames: readonly OutgoingFrame[]): Promise<void> | undefined;
  /** Raises `KeyboardInterrupt` in the running cell, if the interpreter still listens. */
  interrupt(): void;
  /** Ends the interpreter and everything that it started; resolves when nothing of it is left. Safe to call twice. */
  close(): Promise<void>;
}

/** Processor time of one sandbox, as the kernel counts it: nothing that its script says is part of it. */
export interface ProcessorUse {
  /** Processors that it can use at once. */
  readonly count: number;
  /** Milliseconds since its start, all processors together; undefined when that cannot be known now. */
  usedMs(): Promise<number | undefined>;
}
