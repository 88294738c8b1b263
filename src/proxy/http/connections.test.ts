/**
 * Clients that take what they asked for slowly, or not at all, over real sockets.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { closeSharedSandbox } from "../../../test/fixtures/proxy-scene.ts";
import { createAnsweringModel } from "../../../test/hostile/proxy/answering-model.ts";
import { idleSandbox } from "../../../test/hostile/proxy/idle-sandbox.ts";
import { createApiKey, hashApiKey } from "../access/api-key.ts";
import { createKeyAccess } from "../access/key-access.ts";
import { createProxy, type ProxyOptions } from "../create-proxy.ts";
import { forwardTo } from "../forward.ts";
import type { LogEntry } from "../proxy-options.ts";

afterAll(closeSharedSandbox);

/** More than the buffers of both ends take. */
const LARGE = "x".repeat(24 * 1024 * 1024);
const KEY = createApiKey();

interface Bench {
  readonly port: number;
  readonly log: readonly LogEntry[];
  /** Waits for so many entries of the log. */
  logged(count: number): Promise<readonly LogEntry[]>;
}

async function openBench(options: Partial<ProxyOptions> = {}, limits: object = {}): Promise<Bench> {
  const log: LogEntry[] = [];
  let heard = Promise.withResolvers<void>();
  const proxy = createProxy({
    model: () => createAnsweringModel([{ type: "text", text: LARGE }]),
    sandbox: idleSandbox,
    access: createKeyAccess([{ name: "app", sha256: hashApiKey(KEY), limits }]),
    stallMs: 400,
    log(entry) {
      log.push(entry);
      heard.resolve();
      heard = Promise.withResolvers();
    },
    ...options,
  });
  onTestFinished(() => proxy.close({ deadlineMs: 0 }));
  const { port } = await proxy.listen();
  return {
    port,
    log,
    async logged(count) {
      while (log.length < count) await heard.promise;
      return log;
    },
  };
}

/** Sends a request; whoever called reads, or does not. */
function send(port: number, more?: object, head?: string): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {}); // it is cut off by the server
  socket.pause();
  socket.write(toRequest(more, head));
  return socket;
}

function toRequest(more: object = {}, head = "POST /v1/messages HTTP/1.1"): string {
  const body = JSON.stringify({
    model: "m",
    max_tokens: 1,
    messages: [{ role: "user", content: "x" }],
    ...more,
  });
  const headers = [
    "host: localhost",
    "anthropic-version: 2023-06-01",
    `x-api-key: ${KEY}`,
    `content-length: ${body.length}`,
  ];
  return `${head}\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
}

async function statusOf(socket: Socket): Promise<number> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString("latin1"))?.[1]);
}

/** An upstream of the Messages API whose answers are large. */
async function startUpstream(): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(LARGE);
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const stalled = {
  status: 200,
  level: "warn",
  reason: expect.stringContaining("The client stopped reading") as string,
};

describe("a client that takes nothing of its answer", () => {
  test.each([
    ["a whole message", {}],
    ["a stream", { stream: true }],
  ])("is cut off, and its request logged then: %s", async (_title, more) => {
    const bench = await openBench();
    const socket = send(bench.port, more);
    expect(await bench.logged(1)).toEqual([expect.objectContaining(stalled)]);
    expect(bench.log[0]?.["ms"]).toBeGreaterThanOrEqual(400);
    socket.resume();
    await once(socket, "close");
  });

  test("is cut off when the answer comes from an upstream as it is", async () => {
    const baseUrl = await startUpstream();
    const bench = await openBench({ forward: forwardTo({ baseUrl }) });
    send(bench.port);
    expect(await bench.logged(1)).toEqual([expect.objectContaining({ ...stalled, kind: "pass-through" })]);
  });

  test("is cut off when it asks for models, or for metrics", async () => {
    const name = "n".repeat(1000);
    const listed = Array.from({ length: 1000 }, (_, at) => ({
      name: `${at}${name}`,
      displayName: LARGE.slice(0, 24_000),
      upstream: "u",
      createdAt: "2026-01-01T00:00:00Z",
    }));
    const bench = await openBench({ names: { resolve: () => undefined, list: () => listed } });
    send(bench.port, {}, "GET /v1/models?limit=1000 HTTP/1.1");
    expect(await bench.logged(1)).toEqual([expect.objectContaining(stalled)]);
  });

  test("holds its place until then", async () => {
    const bench = await openBench({}, { maxConcurrentRequests: 2 });
    const [first, second] = [send(bench.port), send(bench.port)];
    await Promise.all([once(first, "readable"), once(second, "readable")]);
    expect(await statusOf(send(bench.port).resume())).toBe(429);
    await bench.logged(3);
    expect(await statusOf(send(bench.port).resume())).toBe(200);
    first.destroy();
    second.destroy();
  });

  test("holds a place for each request that it sent at once, and gives all of them back when it goes", async () => {
    const bench = await openBench({ stallMs: 60_000 }, { maxConcurrentRequests: 2 });
    const socket = send(bench.port);
    socket.write(toRequest());
    await once(socket, "readable");
    expect(await statusOf(send(bench.port).resume())).toBe(429);
    socket.destroy();
    const entries = await bench.logged(3);
    expect(entries.map(({ status }) => Number(status)).toSorted((a, b) => a - b)).toEqual([200, 200, 429]);
    expect(await statusOf(send(bench.port).resume())).toBe(200);
  });
});

describe("a client that takes its answer slowly", () => {
  test("is cut off when what waits for it is not taken in time", async () => {
    const bench = await openBench();
    const socket = send(bench.port);
    const timer = setInterval(() => void socket.read(64 * 1024), 20);
    onTestFinished(() => clearInterval(timer));
    expect(await bench.logged(1)).toEqual([expect.objectContaining(stalled)]);
  });

  test("gets all of it when it is quick enough", async () => {
    const bench = await openBench({ stallMs: 20_000 });
    const socket = send(bench.port, {}, "POST /v1/messages HTTP/1.1\r\nconnection: close");
    let bytes = 0;
    for await (const chunk of socket) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(LARGE.length);
    const [entry] = await bench.logged(1);
    expect(entry).not.toHaveProperty("reason");
  });
});

describe("many clients that take nothing", () => {
  test("are cut off, the slowest first, when all that waits is too much", async () => {
    const bench = await openBench({ stallMs: 60_000, maxUnreadBytes: 30 * 1024 * 1024 });
    const sockets = [send(bench.port), send(bench.port), send(bench.port)];
    const entries = await bench.logged(2);
    for (const entry of entries) expect(entry).toMatchObject(stalled);
    for (const socket of sockets) socket.destroy();
  });
});
