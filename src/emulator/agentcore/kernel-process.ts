/**
 * One kernel: a Python process of its own that runs code and answers.
 *
 * Guarantees: executions of one kernel run one after another, in the order they came; it ends with its owner and takes
 * every process it started with it. Knows nothing of AWS. It contains nothing: code runs with this user's rights.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { LineBuffer } from "./line-buffer.ts";

/** What one execution gave. */
export interface Execution {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  /** Seconds. */
  readonly executionTime: number;
}

/** How to start a kernel. */
export interface KernelOptions {
  /** Program and arguments. It reads requests on descriptor 3 and answers on descriptor 4; see `kernel.py`. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Its working directory. */
  readonly folder: string;
  /** Address space, in megabytes. */
  readonly memoryMb: number;
}

/** A running kernel. */
export interface Kernel {
  /** Runs code after everything that was asked before. Rejects when the kernel ends first. */
  execute(code: string, clearContext: boolean): Promise<Execution>;
  /** Ends it at once. May be called twice. */
  kill(): Promise<void>;
}

/** The kernel ended before it answered. */
export class KernelGoneError extends Error {
  override readonly name = "KernelGoneError";
}

interface Waiting {
  readonly resolve: (execution: Execution) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a kernel and waits until it is ready. */
export async function startKernel({ command, folder, memoryMb }: KernelOptions): Promise<Kernel> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    detached: true, // a process group of its own, to be ended as one
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      TMPDIR: folder,
      LANG: "C.UTF-8",
      TOOLSCRIPT_KERNEL_MEMORY_MB: String(memoryMb),
    },
    stdio: ["pipe", "ignore", "pipe", "pipe", "pipe"],
  });
  const kernel = new KernelProcess(child);
  try {
    await kernel.ready;
  } catch (cause) {
    await kernel.kill();
    throw new KernelGoneError(`The kernel "${command.join(" ")}" did not start: ${kernel.complaint()}`, {
      cause,
    });
  }
  return kernel;
}

/** What is kept of a kernel's standard error, to explain an early end. */
const KEPT_COMPLAINT_CHARACTERS = 2000;

/** What one execution may give; the service sends 100 MB at most. */
const MAX_EXECUTION_BYTES = 100_000_000;

class KernelProcess implements Kernel {
  /** The kernel's first line, which says that it is ready. */
  readonly ready: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #waiting: Waiting[] = [];
  readonly #lines = new LineBuffer(MAX_EXECUTION_BYTES);
  #complaint = "";
  #isGone = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ready = this.#expect();
    (child.stdio[4] as Readable).on("data", (chunk: Buffer) => this.#read(chunk));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-KEPT_COMPLAINT_CHARACTERS);
    });
    for (const stream of child.stdio) stream?.on("error", () => {}); // the end of the process says all
    child.once("error", (error) => this.#end(error.message));
    child.once("exit", () => this.#end("it ended"));
  }

  execute(code: string, clearContext: boolean): Promise<Execution> {
    if (this.#isGone) return Promise.reject(new KernelGoneError("The kernel is gone"));
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ code, clearContext })}\n`);
    return this.#expect();
  }

  async kill(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // the group is gone already
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }

  complaint(): string {
    return this.#complaint;
  }

  #expect(): Promise<Execution> {
    const { promise, resolve, reject } = Promise.withResolvers<Execution>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  #read(chunk: Buffer): void {
    const executions = this.#lines.push(chunk)?.map(parseExecution);
    if (executions === undefined) this.#endBecause("it gave too much at once");
    for (const execution of executions ?? []) {
      if (execution === undefined) this.#endBecause("a script wrote to its channel");
      else this.#waiting.shift()?.resolve(execution);
    }
  }

  #endBecause(reason: string): void {
    this.#end(reason);
    this.kill().catch(() => {}); // it ends by itself, then
  }

  #end(reason: string): void {
    this.#isGone = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new KernelGoneError(`The kernel is gone: ${reason}`));
    }
  }
}

/** What the kernel said; undefined when somebody else wrote: scripts share the process and its descriptors. */
function parseExecution(line: string): Execution | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Execution) : undefined;
  } catch {
    return undefined;
  }
}
