/**
 * A thread of its own for what a case does to the process under test, so that it is not counted as that process's.
 */
import { once } from "node:events";
import { parentPort, Worker, workerData } from "node:worker_threads";

/** A module in a thread. */
export interface Thread {
  /** Calls an exported function of the module; what it takes and gives is copied. One call at a time. */
  call<Value>(name: string, argument?: unknown): Promise<Value>;
  stop(): Promise<void>;
}

/** Starts a module in a thread. */
export function startThread(module: URL): Thread {
  const worker = new Worker(new URL(import.meta.url), { workerData: module.href });
  return {
    async call<Value>(name: string, argument?: unknown): Promise<Value> {
      worker.postMessage({ name, argument });
      const [answer] = (await once(worker, "message")) as [Value];
      return answer;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

type Exports = Record<string, (argument: unknown) => unknown>;

if (parentPort !== null && typeof workerData === "string") {
  const port = parentPort;
  const loaded = import(workerData) as Promise<Exports>;
  const answer = async (name: string, argument: unknown): Promise<unknown> => {
    const work = (await loaded)[name];
    if (work === undefined) throw new Error(`The module exports no "${name}"`);
    return await work(argument);
  };
  port.on("message", ({ name, argument }: { readonly name: string; readonly argument: unknown }) => {
    void answer(name, argument).then((value) => port.postMessage(value));
  });
}
