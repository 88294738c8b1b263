/**
 * One guest as a {@link SandboxSession}: greeting, interrupt, end.
 *
 * Guarantees: whichever way a session ends, its process ends soon after its input does, by itself or killed; every
 * early end is explained by an error that says how.
 */
import { randomUUID } from "node:crypto";
import { ToolscriptError } from "../../errors.ts";
import { type Connection, openConnection } from "../../protocol/connection.ts";
import type { SandboxSession } from "../sandbox.ts";
import { type Guest, startGuest } from "./guest-process.ts";
import { watchMemory } from "./memory-watchdog.ts";
import type { Programs } from "./programs.ts";

/** Time that a guest has to end by itself once its input is closed. It ends in milliseconds unless it hangs. */
const END_GRACE_MS = 500;

/**
 * Resident memory beside Python's own: Deno, V8, compiled code, the buffers between host and Python.
 * An idle session has about 160 MB of it.
 */
const OVERHEAD_MB = 448;

/** Asks the guest's reading thread for an interrupt; no frame contains this byte. */
const INTERRUPT_BYTE = Buffer.from([0x03]);

/** How to open a session. */
export interface GuestSessionOptions {
  readonly programs: Programs;
  readonly memoryMb: number;
  readonly maxFrameBytes: number;
  readonly readyTimeoutMs: number;
  /** Snapshot to go on from; without one, the guest starts from `bootMessage`. */
  readonly snapshotPath: string | undefined;
  readonly bootMessage: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Starts a guest and waits for its greeting. @throws {ToolscriptError} see {@link Sandbox.open} */
export async function openGuestSession(options: GuestSessionOptions): Promise<SandboxSession> {
  const { programs, memoryMb, snapshotPath, bootMessage } = options;
  const task =
    snapshotPath === undefined
      ? ({ mode: "cold", bootBytes: bootMessage.length } as const)
      : ({ mode: "restore", snapshotPath } as const);
  const guest = startGuest({ programs, memoryMb, task });
  guest.stdout.resume();
  const life = superviseGuest(guest, memoryMb);
  const connection = openConnection({
    input: guest.stdin,
    output: guest.stderr,
    maxFrameBytes: options.maxFrameBytes,
    explainEnd: (error) => life.explainEnd(error, connection),
  });
  life.failed.then(
    (error) => connection.fail(error),
    () => {},
  );
  if (task.mode === "cold") guest.stdin.write(bootMessage);
  try {
    const python = await greet(connection, options);
    life.greeted();
    return toSession(python, guest, connection, life);
  } catch (error) {
    connection.end();
    await life.kill();
    throw error;
  }
}

function toSession(python: string, guest: Guest, connection: Connection, life: GuestLife): SandboxSession {
  return {
    id: `wasm-${randomUUID()}`,
    python,
    frames: connection.frames,
    send: (frames) => connection.send(frames),
    interrupt() {
      if (guest.stdin.writable) guest.stdin.write(INTERRUPT_BYTE);
    },
    async close() {
      connection.end();
      await life.gone;
    },
  };
}

async function greet(connection: Connection, options: GuestSessionOptions): Promise<string> {
  const { readyTimeoutMs, signal } = options;
  const given = Promise.withResolvers<never>();
  const abort = (): void => given.reject(aborted(signal?.reason));
  const timer = setTimeout(() => given.reject(tooSlow(readyTimeoutMs)), readyTimeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    return await Promise.race([connection.hello(), given.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The process behind a session. */
interface GuestLife {
  /** Resolves when nothing of the process is left. */
  readonly gone: Promise<void>;
  /** Resolves with a reason for which the host itself ended the guest, or for which it never started. */
  readonly failed: Promise<ToolscriptError>;
  greeted(): void;
  kill(): Promise<void>;
  explainEnd(plain: ToolscriptError, connection: Connection): Promise<ToolscriptError>;
}

function superviseGuest(guest: Guest, memoryMb: number): GuestLife {
  const { process: child } = guest;
  const gone = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<ToolscriptError>();
  let ready = false;
  let outOfMemory: ToolscriptError | undefined;

  const watchdog = watchMemory(child.pid ?? 0, memoryMb + OVERHEAD_MB, (usedMb) => {
    outOfMemory = usedTooMuch(usedMb, memoryMb);
    failed.resolve(outOfMemory);
    child.kill("SIGKILL");
  });
  child.once("error", (cause) => {
    failed.resolve(notStarted(cause));
    if (child.pid === undefined) gone.resolve();
  });
  child.once("close", () => {
    watchdog.stop();
    gone.resolve();
  });
  guest.stdin.once("finish", () => killUnlessGone(guest, gone.promise));

  return {
    gone: gone.promise,
    failed: failed.promise,
    greeted() {
      ready = true;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone.promise;
    },
    async explainEnd(plain, connection) {
      await gone.promise;
      if (outOfMemory !== undefined) return outOfMemory;
      return ended(ready ? "sandbox-ended" : "sandbox-unavailable", guest, connection.noise(), plain);
    },
  };
}

function killUnlessGone(guest: Guest, gone: Promise<void>): void {
  const timer = setTimeout(() => guest.process.kill("SIGKILL"), END_GRACE_MS);
  void gone.then(() => clearTimeout(timer));
}

function ended(
  code: "sandbox-ended" | "sandbox-unavailable",
  guest: Guest,
  noise: string,
  cause: unknown,
): ToolscriptError {
  const { exitCode, signalCode } = guest.process;
  const how = signalCode === null ? `exit code "${exitCode}"` : `signal "${signalCode}"`;
  const said = noise.trim() === "" ? "" : ` and said "${noise.trim()}"`;
  const what = code === "sandbox-ended" ? "Running the WASM sandbox" : "Starting the WASM sandbox";
  return new ToolscriptError(code, `${what} failed: its process ended with ${how}${said}`, {
    cause,
    data: { exitCode, signal: signalCode },
  });
}

function notStarted(cause: Error): ToolscriptError {
  return new ToolscriptError(
    "sandbox-unavailable",
    `Starting the WASM sandbox failed: Deno cannot be run: ${cause.message}; run "npm install deno pyodide"`,
    { cause },
  );
}

function usedTooMuch(usedMb: number, memoryMb: number): ToolscriptError {
  return new ToolscriptError(
    "sandbox-out-of-memory",
    `Running the WASM sandbox failed: its process uses "${Math.round(usedMb)}" MB, wanted at most "${memoryMb}" MB ` +
      `for Python and "${OVERHEAD_MB}" MB beside it`,
    { data: { usedMb, memoryMb } },
  );
}

function tooSlow(timeoutMs: number): ToolscriptError {
  return new ToolscriptError(
    "sandbox-timeout",
    `Starting the WASM sandbox failed: its runner did not answer within "${timeoutMs}" ms`,
  );
}

function aborted(cause: unknown): ToolscriptError {
  return new ToolscriptError("aborted", "Starting the WASM sandbox was given up: its signal was aborted", {
    cause,
  });
}
