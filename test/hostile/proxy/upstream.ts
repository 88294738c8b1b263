/**
 * Services behind a proxy, in a thread of their own: they take any body and answer at once.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, Worker } from "node:worker_threads";

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "answering",
  content: [{ type: "text", text: "Done" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
};
const CONVERSE = {
  output: { message: { role: "assistant", content: [{ text: "Done" }] } },
  stopReason: "end_turn",
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
};

/** An upstream for every adapter. */
export interface Upstream {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startUpstream(): Promise<Upstream> {
  const worker = new Worker(new URL(import.meta.url));
  const [url] = (await once(worker, "message")) as [string];
  return {
    url,
    async stop() {
      await worker.terminate();
    },
  };
}

function answerTo(path: string): object {
  if (path.endsWith("/converse")) return CONVERSE;
  return path.endsWith("/count-tokens") ? { inputTokens: 1 } : MESSAGE;
}

if (parentPort !== null) {
  const port = parentPort;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      // Requests with code execution are always streamed; of those only what they cost until then is looked at.
      const status = /stream/.test(request.url ?? "") ? 400 : 200;
      const body = JSON.stringify(answerTo(request.url ?? ""));
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1", () => {
    port.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
