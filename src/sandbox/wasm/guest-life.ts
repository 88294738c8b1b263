/**
 * The process of a guest, from its start to its end.
 *
 * Guarantees: it ends soon after its input does, by itself or killed; every early end is explained by an error that says how.
 */
import { toErrorMessage, ToolscriptError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";
import type { Guest } from "./guest-process.ts";
import { watchMemory } from "./memory-watchdog.ts";

/** Time that a guest has to end by itself once its input is closed. It ends in milliseconds unless it hangs. */
const END_GRACE_MS = 500;

/**
 * Resident memory beside Python's own: Deno, V8, compiled code, the buffers between host and Python. An idle session has
 * about 160 MB of it. What the kernel's wall allows is less than this (`wall/plan-wall.ts`).
 */
const OVERHEAD_MB = 448;

/** What V8, and what the rest of Deno, says when it ends because it gets no more memory. */
const OUT_OF_MEMORY = /Fatal (?:JavaScript|process) out of memory|memory allocation of \d+ bytes failed/;

/** The process behind a session. */
export interface GuestLife {
  /** Resolves when nothing of the process is left. */
  readonly gone: Promise<void>;
  /** Resolves with a reason for which the host itself ended the guest, or for which it never started. */
  readonly failed: Promise<ToolscriptError>;
  greeted(): void;
  kill(): Promise<void>;
  explainEnd(plain: ToolscriptError, connection: Connection): Promise<ToolscriptError>;
}

/** Watches over a guest that was started. */
export function superviseGuest(guest: Guest, memoryMb: number): GuestLife {
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
      const noise = connection.noise();
      if (child.signalCode !== null && OUT_OF_MEMORY.test(noise)) return ranOut(memoryMb, noise, plain);
      return ended(ready ? "sandbox-ended" : "sandbox-unavailable", guest, noise, plain);
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
    `Starting the WASM sandbox failed: Deno cannot be run: ${toErrorMessage(cause)}; run "npm install deno pyodide"`,
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

function ranOut(memoryMb: number, noise: string, cause: unknown): ToolscriptError {
  const said = OUT_OF_MEMORY.exec(noise)?.[0] ?? "";
  return new ToolscriptError(
    "sandbox-out-of-memory",
    `Running the WASM sandbox failed: its process ran out of the memory that it may use, "${memoryMb}" MB for Python and ` +
      `less than "${OVERHEAD_MB}" MB beside it, and said "${said}"`,
    { cause, data: { memoryMb } },
  );
}
