/**
 * Clients that begin a request and do not end it, or take nothing of their answer, for a thread of their own.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const BODY = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}';

/** What each of them sends. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  nothing: "",
  "half a header": "POST /v1/messages HTTP/1.1\r\nhost: localho",
  "headers without end": `POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n${"x: y\r\n".repeat(50)}`,
  "the first byte of a large body":
    "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nanthropic-version: 2023-06-01\r\ncontent-length: 33000000\r\n\r\n{",
  "a body in chunks without end":
    "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nanthropic-version: 2023-06-01\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
  "a request whose answer nobody reads": `POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nanthropic-version: 2023-06-01\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
};

/** Names of what they send. */
export const BEGINNING_NAMES: readonly string[] = Object.keys(BEGINNINGS);

const open: Socket[] = [];

/** Opens so many connections and keeps them. */
export async function openMany(argument: unknown): Promise<void> {
  const { port, name, count } = argument as { port: number; name: string; count: number };
  for (let at = 0; at < count; at += 1) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.pause();
    socket.on("error", () => {}); // the server may end it
    open.push(socket);
    await once(socket, "connect");
    socket.write(BEGINNINGS[name] ?? "");
  }
}

/** Ends them. */
export function closeAll(): void {
  for (const socket of open.splice(0)) socket.destroy();
}

/** The status of a request with so many headers. */
export async function sendHeaders(argument: unknown): Promise<number> {
  const { port, count } = argument as { port: number; count: number };
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {}); // the server does not read all of them
  const headers = Array.from({ length: count }, (_, at) => `x-${at}: ${at}\r\n`).join("");
  socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await new Promise((resolve) => socket.once("close", resolve));
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}
