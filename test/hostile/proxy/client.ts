/**
 * A client in a thread of its own, so that what it costs is not counted as the server's.
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { parentPort, Worker } from "node:worker_threads";

/** What is sent. */
export interface Sending {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request came to. */
export interface Answered {
  readonly status: number;
  /** The beginning of an error's message. */
  readonly message: string;
  readonly messageCharacters: number;
}

/** A client. */
export interface Client {
  /** Makes the body that `make` of a module makes of `argument`; resolves when it is ready to be sent. */
  prepare(module: URL, make: string, argument: unknown): Promise<void>;
  send(sending: Sending): Promise<Answered>;
  stop(): Promise<void>;
}

/** Starts a client. */
export function startClient(): Client {
  const worker = new Worker(new URL(import.meta.url));
  const ask = async (question: object): Promise<unknown> => {
    worker.postMessage(question);
    const [answer] = (await once(worker, "message")) as [unknown];
    return answer;
  };
  return {
    async prepare(module, make, argument) {
      await ask({ module: module.href, make, argument });
    },
    send: async (sending) => (await ask({ sending })) as Answered,
    async stop() {
      await worker.terminate();
    },
  };
}

interface Question {
  readonly module: string;
  readonly make: string;
  readonly argument: unknown;
  readonly sending?: Sending;
}

type Make = (argument: unknown) => string | Buffer;

async function post({ url, headers }: Sending, body: Buffer): Promise<Answered> {
  const length = { "content-length": String(body.length) };
  const all = {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    ...length,
    ...headers,
  };
  const sent = request(url, { method: "POST", headers: all, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  const answer = JSON.parse(text) as { error?: { message: string } };
  const message = answer.error?.message ?? "";
  const messageCharacters = message.length;
  return { status: response.statusCode ?? 0, message: message.slice(0, 300), messageCharacters };
}

if (parentPort !== null) {
  const port = parentPort;
  let body = Buffer.alloc(0);
  const answer = async ({ module, make, argument, sending }: Question): Promise<unknown> => {
    if (sending !== undefined) return await post(sending, body);
    const makers = (await import(module)) as Record<string, Make>;
    body = Buffer.from(makers[make]?.(argument) ?? "");
    return "ready";
  };
  port.on("message", (question: Question) => void answer(question).then((reply) => port.postMessage(reply)));
}
