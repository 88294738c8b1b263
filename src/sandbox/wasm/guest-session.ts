/**
 * One guest as a {@link SandboxSession}: greeting, wall, interrupt, end.
 *
 * Guarantees: nothing of a script runs before the wall around the guest was looked at, and none where it is required and
 * missing.
 */
import { randomUUID } from "node:crypto";
import { ToolscriptError } from "../../errors.ts";
import { type Connection, openConnection } from "../../protocol/connection.ts";
import type { SandboxSession } from "../sandbox.ts";
import { type GuestLife, superviseGuest } from "./guest-life.ts";
import { type Guest, startGuest } from "./guest-process.ts";
import { processorUse } from "./guest-usage.ts";
import type { Programs } from "./programs.ts";
import { checkWall, type WallReport } from "./wall/check-wall.ts";
import { type WallMode, wallMissing, type WallPlan } from "./wall/plan-wall.ts";

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
  readonly wall: WallPlan;
  readonly wallMode: WallMode;
  readonly signal: AbortSignal | undefined;
}

/** One live interpreter, and what the kernel says of the wall around it. */
export interface WasmSession extends SandboxSession {
  readonly wall: WallReport;
}

/** Starts a guest and waits for its greeting. @throws {ToolscriptError} see {@link Sandbox.open} */
export async function openGuestSession(options: GuestSessionOptions): Promise<WasmSession> {
  const { programs, memoryMb, snapshotPath, bootMessage, wall } = options;
  const task =
    snapshotPath === undefined
      ? ({ mode: "cold", bootBytes: bootMessage.length } as const)
      : ({ mode: "restore", snapshotPath } as const);
  const guest = startGuest({ programs, memoryMb, task, wall: "order" in wall ? wall.order : undefined });
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
    const report = await lookAtWall(guest, options);
    life.greeted();
    return { ...toSession(python, guest, connection, life), wall: report };
  } catch (error) {
    connection.end();
    await life.kill();
    throw error;
  }
}

async function lookAtWall(guest: Guest, { wall, wallMode }: GuestSessionOptions): Promise<WallReport> {
  const report =
    "impossible" in wall
      ? { stands: false, missing: wall.impossible }
      : await checkWall(guest.process.pid ?? 0);
  if (wallMode === "required" && !report.stands) throw wallMissing(report.missing);
  return report;
}

function toSession(python: string, guest: Guest, connection: Connection, life: GuestLife): SandboxSession {
  const processor = processorUse(guest.process.pid ?? 0);
  return {
    ...(processor === undefined ? {} : { processor }),
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
