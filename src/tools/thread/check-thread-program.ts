/**
 * The program of a check thread: takes one task after the other, does it within its time, and answers. What it compiles it
 * keeps, as long as that is not too much.
 */
import { parentPort } from "node:worker_threads";
import { toErrorMessage } from "../../errors.ts";
import { ThreadWork } from "./thread-work.ts";
import { threadMs } from "./thread-time.ts";
import type { ThreadReply, ThreadRequest, ThreadTask } from "./thread-messages.ts";

const port = parentPort;
if (port === null) throw new Error("The program of a check thread runs in a thread only");

const work = new ThreadWork();
let task: ThreadTask | undefined;
let text = "";

port.on("message", (request: ThreadRequest) => {
  if (request.type === "task") {
    task = request.task;
    text = "";
  } else if (request.type === "piece") {
    text += request.text;
  } else if (task !== undefined) {
    const reply = run(task, text);
    text = "";
    port.postMessage(reply);
  }
});

function run(current: ThreadTask, json: string): ThreadReply {
  const startedAtMs = usedMs();
  try {
    return { answer: work.run(current, JSON.parse(json)), usedMs: usedMs() - startedAtMs };
  } catch (error) {
    const answer = { kind: "invalid", reason: toErrorMessage(error) } as const;
    return { answer, usedMs: usedMs() - startedAtMs };
  }
}

function usedMs(): number {
  return threadMs() ?? performance.now();
}
