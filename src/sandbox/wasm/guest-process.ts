/**
 * Starts the guest: a Deno process that may read its own files and do nothing else.
 *
 * Two walls stand around a script that has taken over the interpreter. Deno's is the command line made here: every
 * permission is denied by name, so that no default of a later Deno can open one; only reading is allowed, of Pyodide's
 * folder, the guest program and one snapshot, and the guest gives it up before Python runs. The kernel's is ordered here and
 * raised by the guest (`guest/wall.ts`): for that, one library may be loaded, which it gives up first of all.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { ToolscriptError } from "../../errors.ts";
import type { WallOrder } from "./guest/wall.ts";
import { guestProgram } from "./guest-program.ts";
import type { Programs } from "./programs.ts";

/** WebAssembly counts memory in pages of 64 KiB. */
const WASM_PAGES_PER_MEGABYTE = 16;

/** JavaScript heap of each of the guest's two threads. Python's memory is not in it. */
const SCRIPT_HEAP_MEGABYTES = 128;

/** Work after which V8 compiles a WebAssembly function anew with its optimising compiler; V8's own default is 13,000,000. */
const TIERING_BUDGET = 1_300_000;

/**
 * Functions that are compiled at the same time, on machines with as many processors: V8's own default of 128 would need more
 * memory than the kernel's wall allows beside Python's.
 */
const COMPILATION_TASKS = 4;

/**
 * V8's stack, in kilobytes: what the main thread of a process surely has, less some for others. V8's own default of 984
 * is too little for the recursion that CPython allows.
 */
const STACK_KILOBYTES = process.platform === "win32" ? 2100 : 7000;

/** V8 needs up to 17 bytes of its stack for one of Python's (measured with nested JSON, the worst case found). */
const PYTHON_STACK_KILOBYTES = STACK_KILOBYTES / 17.5;

/** What a guest is to do; see `guest/main.ts`. */
export type GuestTask =
  | { readonly mode: "restore"; readonly snapshotPath: string }
  | { readonly mode: "cold" | "build"; readonly bootBytes: number };

/** How to start a guest. */
export interface GuestOptions {
  readonly programs: Programs;
  readonly memoryMb: number;
  readonly task: GuestTask;
  /** The kernel's wall around it; undefined where there is none. */
  readonly wall: WallOrder | undefined;
}

/** A running guest. */
export interface Guest {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  /** What a build makes; undefined in a session, whose standard output goes nowhere. */
  readonly stdout: Readable | undefined;
  readonly stderr: Readable;
}

/** Starts a guest. A failed start shows as the process's `error` event. */
export function startGuest(options: GuestOptions): Guest {
  const { programs, task } = options;
  const child: ChildProcess = spawn(programs.deno, guestArguments(options), {
    cwd: programs.pyodideFolder,
    env: guestEnvironment(),
    stdio: ["pipe", task.mode === "build" ? "pipe" : "ignore", "pipe"],
    // Of its own process group, so that Ctrl-C in the host's terminal is the host's to handle. It ends with its input.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const { stdin, stdout, stderr } = child as ChildProcessWithoutNullStreams;
  return { process: child, stdin, stdout: task.mode === "build" ? stdout : undefined, stderr };
}

/** Nothing is looked up, fetched, asked or kept, and every permission but those of reading and of libraries is denied in full. */
const CLOSED_FLAGS = [
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
  "--no-check",
  "--no-code-cache",
  "--quiet",
  "--no-prompt",
  "--deny-write",
  "--deny-net",
  "--deny-env",
  "--deny-run",
  "--deny-sys",
  "--deny-import",
];

/** The guest's command line. @throws {ToolscriptError} `sandbox-unavailable` when a path cannot be named in it */
export function guestArguments({ programs, memoryMb, task, wall }: GuestOptions): string[] {
  const readable = [programs.pyodideFolder, dirname(guestProgram())];
  if (task.mode === "restore") readable.push(task.snapshotPath);
  return [
    "run",
    ...CLOSED_FLAGS,
    wall === undefined ? "--deny-ffi" : `--allow-ffi=${requireNameable(wall.libc)}`,
    `--allow-read=${readable.map(requireNameable).join(",")}`,
    `--v8-flags=${v8Flags(memoryMb).join(",")}`,
    guestProgram(),
    `${pathToFileURL(programs.pyodideFolder).href}/`,
    String(PYTHON_STACK_KILOBYTES),
    wall === undefined ? "" : JSON.stringify(wall),
    task.mode,
    task.mode === "restore" ? task.snapshotPath : String(task.bootBytes),
  ];
}

/** Deno takes a comma for the end of a path: what follows it would become readable. */
function requireNameable(path: string): string {
  if (!path.includes(",")) return path;
  throw new ToolscriptError(
    "sandbox-unavailable",
    `Starting the WASM sandbox failed: the path "${path}" has a comma, which Deno's permissions cannot express; ` +
      `use another folder, for a cache with the option "cacheDir"`,
  );
}

function v8Flags(memoryMb: number): string[] {
  return [
    `--wasm-max-mem-pages=${memoryMb * WASM_PAGES_PER_MEGABYTE}`,
    `--max-old-space-size=${SCRIPT_HEAP_MEGABYTES}`,
    `--stack-size=${STACK_KILOBYTES}`,
    `--wasm-tiering-budget=${TIERING_BUDGET}`,
    `--wasm-num-compilation-tasks=${COMPILATION_TASKS}`,
    // No text becomes code: Pyodide does not need it, and a script that found its way to JavaScript would.
    "--disallow-code-generation-from-strings",
  ];
}

/**
 * All that the guest sees of an environment. Deno wants a folder for caches of its own: a path below a file can never
 * be one, and Deno does without. Windows cannot make random numbers without `SystemRoot`.
 */
function guestEnvironment(): Record<string, string> {
  const systemRoot = process.env["SystemRoot"];
  return {
    DENO_DIR: `${guestProgram()}/none`,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    ...(process.platform === "win32" && systemRoot !== undefined ? { SystemRoot: systemRoot } : {}),
  };
}
