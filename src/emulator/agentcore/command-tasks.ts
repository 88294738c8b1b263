/**
 * Shell commands of a session: those that are waited for and those that run on as tasks.
 *
 * Guarantee: `end()` leaves no process of them.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** Status of a task as the service names it. */
export type TaskStatus = "submitted" | "working" | "completed" | "canceled" | "failed";

/** A command, running or ended. */
export interface CommandTask {
  readonly id: string;
  status: TaskStatus;
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
  /** Seconds. */
  executionTime: number;
}

/** What is kept of the output of one command. */
const MAX_OUTPUT_CHARACTERS = 1024 * 1024;

/** Commands of one session. */
export class CommandTasks {
  readonly #tasks = new Map<string, { task: CommandTask; child: ChildProcess; ended: Promise<unknown> }>();

  /** Starts a command in a folder. */
  start(command: string, folder: string): CommandTask {
    const child = spawn("/bin/sh", ["-c", command], {
      cwd: folder,
      detached: true,
      env: { PATH: process.env["PATH"], HOME: folder, LANG: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const startedAt = performance.now();
    const task: CommandTask = {
      id: crypto.randomUUID(),
      status: "working",
      stdout: "",
      stderr: "",
      exitCode: undefined,
      executionTime: 0,
    };
    child.stdout.on("data", (chunk: Buffer) => (task.stdout = keep(task.stdout, chunk)));
    child.stderr.on("data", (chunk: Buffer) => (task.stderr = keep(task.stderr, chunk)));
    child.once("error", (error) => (task.stderr = keep(task.stderr, Buffer.from(error.message))));
    const ended = new Promise<void>((resolve) => {
      child.once("close", (code: number | null) => {
        task.exitCode = code ?? -1;
        task.executionTime = (performance.now() - startedAt) / 1000;
        if (task.status === "working") task.status = code === 0 ? "completed" : "failed";
        resolve();
      });
    });
    this.#tasks.set(task.id, { task, child, ended });
    return task;
  }

  /** Starts a command and waits for its end. */
  async run(command: string, folder: string): Promise<CommandTask> {
    const task = this.start(command, folder);
    await this.#tasks.get(task.id)?.ended;
    this.#tasks.delete(task.id);
    return task;
  }

  /** The task of that id. */
  get(id: string): CommandTask | undefined {
    return this.#tasks.get(id)?.task;
  }

  /** Ends a task; false when there is none of that id. */
  async stop(id: string): Promise<boolean> {
    const entry = this.#tasks.get(id);
    if (entry === undefined) return false;
    if (entry.task.status === "working") entry.task.status = "canceled";
    killGroup(entry.child);
    await entry.ended;
    return true;
  }

  /** Ends everything. */
  async end(): Promise<void> {
    await Promise.all([...this.#tasks.keys()].map((id) => this.stop(id)));
  }
}

function keep(text: string, chunk: Buffer): string {
  return text.length < MAX_OUTPUT_CHARACTERS
    ? (text + chunk.toString()).slice(0, MAX_OUTPUT_CHARACTERS)
    : text;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // the group is gone already
  }
}
