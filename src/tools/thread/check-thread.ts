/**
 * One check thread, seen from the loop: it is started with its first task, ended when a task takes far too long, and
 * started again with the next one. It keeps the process alive only while it works.
 */
import { Worker } from "node:worker_threads";
import { toErrorMessage } from "../../errors.ts";
import { TurnShare } from "../../turn-share.ts";
import type { ThreadReply, ThreadRequest, ThreadTask } from "./thread-messages.ts";

/** What a thread is to do. */
export interface ThreadJob {
  readonly task: ThreadTask;
  /** The JSON text that belongs to the task, in pieces. */
  readonly text: Iterable<string>;
}

/** What a job gives: an answer, or why there is none. With the processor time that it took, in milliseconds. */
export type ThreadOutcome =
  | (ThreadReply & { readonly done: true })
  | { readonly done: false; readonly reason: string; readonly usedMs: number };

/** Time beyond a task's own bound, for reading, compiling and a busy machine, after which the thread is ended. */
const GRACE_MS = 60_000;
/** Characters that travel together. */
const MESSAGE_CHARS = 64 * 1024;

/** The source is TypeScript, the package JavaScript; the thread's program lies beside this module in both. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf("."));
const PROGRAM = new URL(`check-thread-program${EXTENSION}`, import.meta.url);

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 320, stackSizeMb: 16 };

/** A thread that runs one job at a time. */
export class CheckThread {
  #worker: Worker | undefined;
  #settle: ((outcome: ThreadReply | string) => void) | undefined;

  /** Runs a job. Never rejects. */
  async run({ task, text }: ThreadJob): Promise<ThreadOutcome> {
    const share = new TurnShare();
    const settled = Promise.withResolvers<ThreadReply | string>();
    this.#settle = settled.resolve;
    let timer: NodeJS.Timeout | undefined;
    try {
      const worker = this.#start();
      worker.ref();
      await this.#send(worker, task, text, share);
      timer = setTimeout(() => this.#end("it took far too long"), task.maxMs + GRACE_MS);
    } catch (error) {
      settled.resolve(toErrorMessage(error));
    }
    const outcome = await settled.promise;
    clearTimeout(timer);
    this.#settle = undefined;
    this.#worker?.unref();
    if (typeof outcome === "string") return { done: false, reason: outcome, usedMs: share.usedMs };
    return { done: true, answer: outcome.answer, usedMs: outcome.usedMs };
  }

  async #send(worker: Worker, task: ThreadTask, text: Iterable<string>, share: TurnShare): Promise<void> {
    post(worker, { type: "task", task });
    let message = "";
    for (const piece of text) {
      message += piece;
      if (message.length >= MESSAGE_CHARS) {
        post(worker, { type: "piece", text: message });
        message = "";
      }
      if (share.due) await share.yieldTurn();
    }
    post(worker, { type: "piece", text: message });
    post(worker, { type: "end" });
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(PROGRAM, {
      name: "toolscript-check",
      env: {},
      execArgv: [],
      resourceLimits: RESOURCE_LIMITS,
    });
    this.#worker = worker;
    worker.on("message", (reply: ThreadReply) => this.#settle?.(reply));
    worker.on("error", (error) => this.#onEnd(worker, error));
    worker.on("exit", () => this.#onEnd(worker));
    return worker;
  }

  #onEnd(worker: Worker, error?: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (error !== undefined) warn(error);
    this.#settle?.("the thread that checked it ended");
  }

  #end(reason: string): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    this.#settle?.(reason);
  }
}

/** Posting by a method keeps the types of the messages in one place. */
function post(worker: Worker, request: ThreadRequest): void {
  worker.postMessage(request);
}

/** What ends a thread, such as a missing file in a bundle, is the host's affair; who made the call only hears that it failed. */
function warn(error: unknown): void {
  process.emitWarning(`A thread that checks inputs ended: ${toErrorMessage(error)}`, {
    code: "TOOLSCRIPT_CHECK_THREAD",
  });
}
