/**
 * A client in a thread of its own, so that what it costs is not counted as the server's.
 */
import { request } from "node:http";
import { once } from "node:events";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { BODIES } from "./bodies.ts";

/** What is sent. */
export interface Sending {
  readonly url: string;
  /** Name of a body. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request came to. */
export interface Answered {
  readonly status: number;
  readonly message: string;
  readonly messageCharacters: number;
}

/** A client that has its body ready. */
export interface Client {
  send(): Promise<Answered>;
}

/** Starts a client; its body is made before it resolves. */
export async function startClient(sending: Sending): Promise<Client> {
  const worker = new Worker(new URL(import.meta.url), { workerData: sending });
  await once(worker, "message");
  return {
    async send() {
      worker.postMessage("send");
      const [answered] = (await once(worker, "message")) as [Answered];
      await worker.terminate();
      return answered;
    },
  };
}

async function post(sending: Sending, body: Buffer): Promise<Answered> {
  const headers = {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "content-length": String(body.length),
    ...sending.headers,
  };
  const sent = request(sending.url, { method: "POST", headers });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  const answer = JSON.parse(text) as { error?: { message: string } };
  const message = answer.error?.message ?? "";
  return {
    status: response.statusCode ?? 0,
    message: message.slice(0, 300),
    messageCharacters: message.length,
  };
}

if (parentPort !== null) {
  const port = parentPort;
  const sending = workerData as Sending;
  const body = Buffer.from(BODIES[sending.name]?.() ?? "");
  port.once("message", () => void post(sending, body).then((answered) => port.postMessage(answered)));
  port.postMessage("ready");
}
