/**
 * The WASM sandbox: CPython, compiled to WebAssembly (Pyodide), in a Deno process that may read its own files only.
 *
 * Guarantees: a script reaches no file, variable, network or process of the host; its memory is capped; a session's
 * process ends with its session, with its sandbox and with the host, also when the host is killed. On Linux the kernel
 * enforces all of this (`wall/`). Nothing has to be installed beside two optional npm packages.
 */
import { ToolscriptError } from "../../errors.ts";
import { DEFAULT_MAX_FRAME_BYTES } from "../../protocol/frames.ts";
import { runnerModules } from "../runner-source.ts";
import type { OpenSandboxOptions, Sandbox } from "../sandbox.ts";
import { openGuestSession, type WasmSession } from "./guest-session.ts";
import { findPrograms, type Programs } from "./programs.ts";
import { defaultCacheFolder } from "./snapshot/cache-folder.ts";
import { createSnapshotStore, type SnapshotStore } from "./snapshot/snapshot-store.ts";
import { planWall, type WallMode, type WallPlan } from "./wall/plan-wall.ts";
import { createWallWarning } from "./wall/wall-warning.ts";

/** Memory of one Python interpreter, in megabytes. */
export const DEFAULT_MEMORY_MB = 512;

/** Time from the start of a process to its runner's greeting, in milliseconds. */
export const DEFAULT_READY_TIMEOUT_MS = 30_000;

/** An interpreter starts with about 32 MB; below this, scripts could do nothing. */
const MIN_MEMORY_MB = 64;

/** WebAssembly addresses 4 GB. */
const MAX_MEMORY_MB = 4096;

/** Options of {@link wasm}. */
export interface WasmOptions {
  /** Memory of one Python interpreter, in megabytes, from 64 to 4096. More than this is a `MemoryError`. @default 512 */
  readonly memoryMb?: number;
  /** Largest frame in bytes, either way. @default 33_554_432 */
  readonly maxFrameBytes?: number;
  /** Time from the start of a process to its runner's greeting. @default 30_000 */
  readonly readyTimeoutMs?: number;
  /** Where the snapshot of a started Python is kept. @default `toolscript` in the user's cache folder */
  readonly cacheDir?: string;
  /**
   * Whether a session needs the kernel's wall around its process, behind which a script that has taken over the interpreter
   * opens, starts and reaches nothing. Linux has one. Where it is `if-available` and missing, `wall` of a session says what is
   * missing, and a warning of the process does unless the option was set.
   *
   * @default `required` on Linux, `if-available` elsewhere
   */
  readonly wall?: WallMode;
  /** Path of a Deno binary (the program itself, no script that starts it). @default that of the npm package `deno` */
  readonly denoPath?: string;
  /** Folder of a Pyodide distribution. @default that of the npm package `pyodide` */
  readonly pyodideDir?: string;
}

/** The WASM sandbox: its sessions also say what stands around them. */
export interface WasmSandbox extends Sandbox {
  open(options?: OpenSandboxOptions): Promise<WasmSession>;
}

/**
 * A sandbox that runs Python as WebAssembly, on any system where Deno runs, with nothing to install.
 *
 * The first `open` on a machine builds a snapshot, which takes some seconds; see `snapshot-store.ts` for where it goes.
 *
 * @throws {ToolscriptError} `invalid-argument` when an option is out of range
 * @example
 * ```ts
 * const sandbox = wasm({ memoryMb: 256 });
 * const session = await sandbox.open();
 * ```
 */
export function wasm(options: WasmOptions = {}): WasmSandbox {
  const { memoryMb = DEFAULT_MEMORY_MB, readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS } = options;
  const { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, wall: wallMode = defaultWallMode() } = options;
  checkMemory(memoryMb);
  const warnOfWall = createWallWarning(options.wall === undefined);
  const sessions = new Set<WasmSession>();
  let closed = false;
  let ground: Ground | undefined;

  async function open({ signal }: OpenSandboxOptions = {}): Promise<WasmSession> {
    refuseIfClosed(closed);
    ground ??= findGround(options, memoryMb, wallMode);
    const { programs, bootMessage, store, wall } = ground;
    const snapshotPath = await untilAborted(store.acquire(), signal);
    refuseIfClosed(closed);
    const session = await openGuestSession({
      programs,
      memoryMb,
      maxFrameBytes,
      readyTimeoutMs,
      snapshotPath,
      bootMessage,
      wall,
      wallMode,
      signal,
    });
    warnOfWall(session.wall);
    const tracked = { ...session, close: () => session.close().finally(() => sessions.delete(tracked)) };
    sessions.add(tracked);
    if (closed) await tracked.close();
    refuseIfClosed(closed);
    return tracked;
  }

  return {
    name: "wasm",
    open,
    async close() {
      closed = true;
      await Promise.all([...sessions].map((session) => session.close()));
      await ground?.store.close();
    },
  };
}

/** What every session of a sandbox stands on. */
interface Ground {
  readonly programs: Programs;
  readonly bootMessage: Uint8Array;
  readonly store: SnapshotStore;
  readonly wall: WallPlan;
}

function defaultWallMode(): WallMode {
  return process.platform === "linux" ? "required" : "if-available";
}

function findGround(options: WasmOptions, memoryMb: number, wallMode: WallMode): Ground {
  const programs = findPrograms({ denoPath: options.denoPath, pyodideFolder: options.pyodideDir });
  const bootMessage = Buffer.from(JSON.stringify(Object.fromEntries(runnerModules())));
  const cacheFolder = options.cacheDir ?? defaultCacheFolder();
  const wall = planWall(programs.deno, memoryMb, wallMode);
  return {
    programs,
    bootMessage,
    wall,
    store: createSnapshotStore({ programs, bootMessage, cacheFolder, wallMode }),
  };
}

function checkMemory(memoryMb: number): void {
  if (Number.isInteger(memoryMb) && memoryMb >= MIN_MEMORY_MB && memoryMb <= MAX_MEMORY_MB) return;
  throw new ToolscriptError(
    "invalid-argument",
    `Making a WASM sandbox failed: "memoryMb" is "${memoryMb}", wanted a whole number from "${MIN_MEMORY_MB}" to "${MAX_MEMORY_MB}"`,
  );
}

function refuseIfClosed(closed: boolean): void {
  if (!closed) return;
  throw new ToolscriptError("session-closed", "Opening a session failed: the WASM sandbox was closed");
}

/** A build is shared with other callers: giving up means not to wait for it any longer. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const given = Promise.withResolvers<never>();
  const abort = (): void => {
    const cause: unknown = signal.reason;
    given.reject(
      new ToolscriptError("aborted", "Opening a session was given up: its signal was aborted", { cause }),
    );
  };
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, given.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
