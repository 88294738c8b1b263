/**
 * One emulated session: a kernel, a folder for files, an end.
 *
 * Guarantees: its invocations run one after another; when it ends, by `stop` or by its time, kernel, commands and files
 * are gone. What the invocations do is in `tools.ts`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kernel, startKernel, type KernelOptions } from "./kernel-process.ts";
import { CommandTasks } from "./command-tasks.ts";

/** How sessions start. */
export type SessionKernelOptions = Omit<KernelOptions, "folder">;

/** Status as the service names it. */
export type SessionStatus = "READY" | "TERMINATED";

/** What a client asked for. */
export interface SessionDetails {
  readonly sessionId: string;
  readonly identifier: string;
  readonly name: string;
  readonly timeoutSeconds: number;
}

/** A session. */
export class InterpreterSession {
  readonly details: SessionDetails;
  readonly createdAt = new Date();
  readonly folder: string;
  readonly tasks = new CommandTasks();
  readonly #options: SessionKernelOptions;
  #kernel: Kernel;
  #line: Promise<unknown> = Promise.resolve();
  #end: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    details: SessionDetails,
    folder: string,
    kernel: Kernel,
    options: SessionKernelOptions,
  ) {
    this.details = details;
    this.folder = folder;
    this.#kernel = kernel;
    this.#options = options;
    this.#timer = setTimeout(() => this.#expire(), details.timeoutSeconds * 1000).unref();
  }

  /** Starts a session. @throws {KernelGoneError} when its kernel does not start */
  static async start(details: SessionDetails, options: SessionKernelOptions): Promise<InterpreterSession> {
    const folder = await mkdtemp(join(tmpdir(), "toolscript-agentcore-"));
    try {
      return new InterpreterSession(details, folder, await startKernel({ ...options, folder }), options);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get status(): SessionStatus {
    return this.#end === undefined ? "READY" : "TERMINATED";
  }

  /** The current kernel. */
  get kernel(): Kernel {
    return this.#kernel;
  }

  /** Does `work` when everything that came before is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(work);
    this.#line = turn.catch(() => {}); // whoever asked for the work hears of its failure
    return turn;
  }

  /** Ends the kernel and starts another, without the variables. */
  async restartKernel(): Promise<void> {
    await this.#kernel.kill();
    this.#kernel = await startKernel({ ...this.#options, folder: this.folder });
    if (this.#end !== undefined) await this.#kernel.kill();
  }

  /** Ends the session. May be called twice. */
  end(): Promise<void> {
    this.#end ??= this.#finish();
    return this.#end;
  }

  #expire(): void {
    this.end().catch(() => {}); // files that cannot be removed are no reason to end more than the session
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([this.#kernel.kill(), this.tasks.end()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
