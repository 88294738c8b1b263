/**
 * A proxy without keys and clients of other addresses, in a network of their own: `reset-program.ts WAY`.
 *
 * Prints what came of it as JSON. The loopback device must have the address 192.0.2.1 as well.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createApiKey, hashApiKey } from "../../../src/proxy/access/api-key.ts";
import { createKeyAccess } from "../../../src/proxy/access/key-access.ts";
import { createProxy } from "../../../src/proxy/create-proxy.ts";
import { loopbackAccess } from "../../../src/proxy/http/access.ts";
import { createAnsweringModel } from "./answering-model.ts";
import { idleSandbox } from "./idle-sandbox.ts";

const REQUESTS = 200;
const HERE = "127.0.0.1";
const ELSEWHERE = "192.0.2.1";

/** What {@link REQUESTS} clients of an address came to. */
export interface ResetReport {
  /** Statuses of a client that waits for its answer. */
  readonly waitingStatus: number;
  /** Requests of clients that reset their connection which reached the model. */
  readonly reached: number;
}

function toRequest(port: number): string {
  const body = JSON.stringify({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "x" }] });
  const head = [
    "POST /v1/messages HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    "anthropic-version: 2023-06-01",
    "connection: close",
    `content-length: ${body.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

/** Sends a whole request and resets the connection. */
async function sendAndReset(port: number, localAddress: string): Promise<void> {
  const socket = connect({ port, host: HERE, localAddress });
  socket.on("error", () => {}); // the server may be faster
  await once(socket, "connect");
  const written = Promise.withResolvers<void>();
  socket.write(toRequest(port), () => written.resolve());
  await written.promise;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resetAndDestroy();
  await closed;
}

async function sendAndWait(port: number, localAddress: string): Promise<number> {
  const socket = connect({ port, host: HERE, localAddress });
  socket.write(toRequest(port));
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

async function report(port: number, from: string, count: () => number): Promise<ResetReport> {
  const waitingStatus = await sendAndWait(port, from);
  const before = count();
  for (let sent = 0; sent < REQUESTS; sent += 1) await sendAndReset(port, from);
  // Connections are accepted in order: when this one is answered, all before it were looked at.
  await sendAndWait(port, HERE);
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  return { waitingStatus, reached: count() - before - 1 };
}

const [way = ""] = process.argv.slice(2);
const model = createAnsweringModel();
const keys = createKeyAccess([{ name: "app", sha256: hashApiKey(createApiKey()) }]);
const isEmptied = way === "keys taken away";
const proxy = createProxy({
  model: () => model,
  sandbox: idleSandbox,
  access: isEmptied ? keys : loopbackAccess(),
});
const { port } = await proxy.listen({ host: isEmptied ? "0.0.0.0" : HERE });
keys.replace([]);
const elsewhere = await report(port, ELSEWHERE, () => model.samples);
const here = await report(port, HERE, () => model.samples);
await proxy.close({ deadlineMs: 0 });
process.stdout.write(`${JSON.stringify({ elsewhere, here })}\n`);
