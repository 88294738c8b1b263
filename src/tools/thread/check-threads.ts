/**
 * Runs checks that could take too long in the loop in a few threads.
 *
 * Jobs of one owner run one after the other, and owners take turns: whoever sends many waits for their own, while
 * another thread is free for the others. What waited too long, or for nobody, is given up when its turn comes, a few at a
 * time.
 */
import { CheckThread, type ThreadJob, type ThreadOutcome } from "./check-thread.ts";

/** Threads at once. */
export const DEFAULT_MAX_CHECK_THREADS = 2;
/** Longest time that a job waits for a thread, in milliseconds. */
export const DEFAULT_MAX_THREAD_WAIT_MS = 30_000;
/** Jobs that are given up in one turn of the loop. */
const MAX_GIVEN_UP_A_TURN = 50;

/** Who a job is for. */
export interface ThreadOwner {
  /** Whatever stands for a session, a request or a tool. */
  readonly owner: object;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

interface Entry extends ThreadOwner {
  readonly since: number;
  /** Called with a thread, or with the reason why there is none. */
  readonly settle: (thread: CheckThread | string) => void;
}

/** A few threads and those who wait for one. */
class CheckThreads {
  readonly #idle = Array.from({ length: DEFAULT_MAX_CHECK_THREADS }, () => new CheckThread());
  /** Who waits, by owner. The owner that was served last comes last. */
  readonly #waiting = new Map<object, Set<Entry>>();
  /** Owners of the running jobs. */
  readonly #served = new Set<object>();
  #isScheduled = false;

  /** Runs a job. Never rejects. */
  async run(job: ThreadJob, owner: ThreadOwner): Promise<ThreadOutcome> {
    const { promise, resolve: settle } = Promise.withResolvers<CheckThread | string>();
    this.#enqueue({ ...owner, since: performance.now(), settle });
    this.#serve();
    const thread = await promise;
    if (typeof thread === "string") return { done: false, reason: thread, usedMs: 0 };
    try {
      return await thread.run(job);
    } finally {
      this.#served.delete(owner.owner);
      this.#idle.push(thread);
      this.#serve();
    }
  }

  #enqueue(entry: Entry): void {
    const entries = this.#waiting.get(entry.owner);
    if (entries === undefined) this.#waiting.set(entry.owner, new Set([entry]));
    else entries.add(entry);
  }

  /** Gives idle threads to owners that have none. */
  #serve(): void {
    let givenUp = 0;
    for (const [owner, entries] of this.#waiting) {
      if (this.#served.has(owner)) continue;
      for (const entry of entries) {
        const reason = toReason(entry);
        if (reason === undefined) {
          this.#start(entry, entries);
          break;
        }
        entries.delete(entry);
        entry.settle(reason);
        givenUp += 1;
        if (givenUp >= MAX_GIVEN_UP_A_TURN) break;
      }
      if (entries.size === 0) this.#waiting.delete(owner);
      if (givenUp >= MAX_GIVEN_UP_A_TURN) this.#serveLater();
      if (this.#idle.length === 0 || this.#isScheduled) return;
    }
  }

  #start(entry: Entry, entries: Set<Entry>): void {
    const thread = this.#idle.pop();
    if (thread === undefined) return;
    entries.delete(entry);
    this.#served.add(entry.owner);
    this.#waiting.delete(entry.owner);
    if (entries.size > 0) this.#waiting.set(entry.owner, entries);
    entry.settle(thread);
  }

  #serveLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#serve();
    });
  }
}

function toReason({ signal, since }: Entry): string | undefined {
  if (signal?.aborted === true) return "nobody waits for it";
  return performance.now() - since > DEFAULT_MAX_THREAD_WAIT_MS ? "too many checks wait" : undefined;
}

const threads = new CheckThreads();

/** Runs a job in one of the threads. Never rejects. */
export function runInThread(job: ThreadJob, owner: ThreadOwner): Promise<ThreadOutcome> {
  return threads.run(job, owner);
}
