/**
 * A client as thin as can be, the same for both servers: its own time is in both figures.
 */
import { Agent, type IncomingMessage, request } from "node:http";

/** A whole answer. */
export interface Reply {
  readonly body: string;
  /** Milliseconds to the first byte of the body. */
  readonly firstByteMs: number;
  /** Milliseconds to the end of the body. */
  readonly ms: number;
}

/** A client with connections that stay open. */
export interface HttpClient {
  /** @throws when the status is not 200 */
  post(path: string, body: string): Promise<Reply>;
  close(): void;
}

const HEADERS = { "content-type": "application/json", accept: "*/*", "anthropic-version": "2023-06-01" };

/** Makes a client with at most so many connections. */
export function createClient(url: string, connections: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  return {
    async post(path, body) {
      const start = performance.now();
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const headers = { ...HEADERS, "content-length": Buffer.byteLength(body) };
      const sent = request({ agent, hostname, port, path, method: "POST", headers }, resolve);
      sent.on("error", reject).end(body);
      return await readReply(await promise, start);
    },
    close: () => agent.destroy(),
  };
}

async function readReply(response: IncomingMessage, start: number): Promise<Reply> {
  let firstByteMs = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (chunks.length === 0) firstByteMs = performance.now() - start;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString("utf8");
  if (response.statusCode !== 200) throw new Error(`Status ${response.statusCode}: ${body.slice(0, 500)}`);
  return { body, firstByteMs, ms: performance.now() - start };
}
