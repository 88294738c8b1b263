/**
 * What the proxy adds to a request, over the Bedrock emulator, beside a bare `node:http` reverse proxy in the same run.
 *
 * Both stand before one emulator. Each is a process of its own, so that none shares an event loop with the load.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, median, timed, toFigure } from "./measure.ts";
import { startConversation } from "./proxy/conversation.ts";
import { createClient, type HttpClient } from "./proxy/http-client.ts";
import { PLAIN_REQUEST, STREAM_REQUEST } from "./proxy/requests.ts";

const PROGRAM = fileURLToPath(new URL("proxy/servers.ts", import.meta.url));

/** Requests one after another. */
const SEQUENTIAL = 600;
const WARM_UP = 400;
/** Connections at once, and requests over all of them. */
const CONNECTIONS = 32;
const CONCURRENT = 4_000;
const STREAMS = 200;
/** Conversations of ten hops each. */
const ROUNDS = 60;
const WARM_ROUNDS = 30;
/** Connections over which the many are paused: that many interpreters start at once. */
const PAUSING_CONNECTIONS = 8;
const PAUSED = 200;
const GROWTH_REQUESTS = 10_000;

/** A server process: its address, and questions to it. */
interface Server {
  readonly url: string;
  /** Asks `heap` or `hops`; see `servers.ts`. */
  ask(question: "heap" | "hops"): Promise<string>;
  stop(): Promise<void>;
}

async function startServer(kind: string, upstream: string): Promise<Server> {
  const child = spawn(process.execPath, ["--expose-gc", PROGRAM, kind, upstream], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout);
  const [first] = (await once(lines, "line")) as [string];
  return {
    url: first,
    async ask(question) {
      const answer = once(lines, "line") as Promise<[string]>;
      child.stdin.write(`${question}\n`);
      return (await answer)[0];
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

/** What all benchmarks of the proxy share; started when the first of them runs. */
interface Stage {
  readonly emulator: Server;
  readonly bare: Server;
  readonly proxy: Server;
}

let stage: Promise<Stage> | undefined;

function openStage(): Promise<Stage> {
  return (stage ??= createStage());
}

async function createStage(): Promise<Stage> {
  const emulator = await startServer("emulator", "");
  const bare = await startServer("bare", emulator.url);
  const proxy = await startServer("proxy", emulator.url);
  return { emulator, bare, proxy };
}

async function closeStage(): Promise<Figure[]> {
  const open = await stage;
  stage = undefined;
  for (const server of [open?.proxy, open?.bare, open?.emulator]) await server?.stop();
  return [];
}

type Measure = (proxy: HttpClient, bare: HttpClient, stage: Stage) => Promise<Figure[]>;

function withClients(connections: number, measure: Measure): () => Promise<Figure[]> {
  return async () => {
    const open = await openStage();
    const [proxy, bare] = [
      createClient(open.proxy.url, connections),
      createClient(open.bare.url, connections),
    ];
    try {
      return await measure(proxy, bare, open);
    } finally {
      proxy.close();
      bare.close();
    }
  };
}

/** Both in turn, so that both see the same noise. */
async function addedMs(proxy: HttpClient, bare: HttpClient): Promise<Figure[]> {
  const times = { proxy: [] as number[], bare: [] as number[] };
  for (let run = 0; run < WARM_UP + SEQUENTIAL; run += 1) {
    const bareMs = (await bare.post(PLAIN_REQUEST.bare.path, PLAIN_REQUEST.bare.body)).ms;
    const proxyMs = (await proxy.post(PLAIN_REQUEST.proxy.path, PLAIN_REQUEST.proxy.body)).ms;
    if (run < WARM_UP) continue;
    times.bare.push(bareMs);
    times.proxy.push(proxyMs);
  }
  const [value, floor] = [median(times.proxy), median(times.bare)];
  return [
    toFigure("proxy.added-ms", "ms", value - floor, null),
    toFigure("proxy.request", "ms", value, floor),
  ];
}

/** Sends a request so often, over all connections at once. */
async function load(
  client: HttpClient,
  { path, body }: { path: string; body: string },
  requests: number,
): Promise<void> {
  let left = requests;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.post(path, body);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

async function requestsPerSecond(
  client: HttpClient,
  request: { path: string; body: string },
): Promise<number> {
  const ms = await timed(() => load(client, request, CONCURRENT));
  return (CONCURRENT / ms) * 1000;
}

async function rps(proxy: HttpClient, bare: HttpClient): Promise<Figure[]> {
  const rates = { proxy: [] as number[], bare: [] as number[] };
  for (let run = 0; run < 4; run += 1) {
    const bareRate = await requestsPerSecond(bare, PLAIN_REQUEST.bare);
    const proxyRate = await requestsPerSecond(proxy, PLAIN_REQUEST.proxy);
    if (run === 0) continue;
    rates.bare.push(bareRate);
    rates.proxy.push(proxyRate);
  }
  return [toFigure("proxy.rps", "1/s", median(rates.proxy), median(rates.bare))];
}

async function firstByte(proxy: HttpClient, bare: HttpClient): Promise<Figure[]> {
  const times = { proxy: [] as number[], bare: [] as number[] };
  for (let run = 0; run < STREAMS * 2; run += 1) {
    const bareMs = (await bare.post(STREAM_REQUEST.bare.path, STREAM_REQUEST.bare.body)).firstByteMs;
    const proxyMs = (await proxy.post(STREAM_REQUEST.proxy.path, STREAM_REQUEST.proxy.body)).firstByteMs;
    if (run < STREAMS) continue;
    times.bare.push(bareMs);
    times.proxy.push(proxyMs);
  }
  const [value, floor] = [median(times.proxy), median(times.bare)];
  return [
    toFigure("proxy.first-byte", "ms", value - floor, null),
    toFigure("proxy.stream", "ms", value, floor),
  ];
}

/** Results in, next calls out, as the server itself measures it: the client's own work is no part of it. */
async function hop(proxy: HttpClient, _bare: HttpClient, { proxy: server }: Stage): Promise<Figure[]> {
  let container: string | undefined;
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
    if (round === WARM_ROUNDS) await server.ask("hops");
    const conversation = await startConversation(proxy, container);
    while (conversation.isPaused) await conversation.goOn();
    container = conversation.container;
  }
  const times = JSON.parse(await server.ask("hops")) as number[];
  return [toFigure("proxy.hop", "ms", median(times), null)];
}

/** So many scripts wait at once; each must be able to go on. */
async function pausedMany(): Promise<Figure[]> {
  const { emulator } = await openStage();
  const server = await startServer("proxy-many", emulator.url);
  const client = createClient(server.url, PAUSING_CONNECTIONS);
  try {
    const conversations = await Promise.all(Array.from({ length: PAUSED }, () => startConversation(client)));
    await Promise.all(conversations.map((conversation) => conversation.goOn()));
    const alive = conversations.filter(({ isPaused }) => isPaused).length;
    return [toFigure("proxy.paused-200", "count", alive, PAUSED)];
  } finally {
    client.close();
    await server.stop();
  }
}

async function heapGrowth(proxy: HttpClient, _bare: HttpClient, { proxy: server }: Stage): Promise<Figure[]> {
  await load(proxy, PLAIN_REQUEST.proxy, GROWTH_REQUESTS / 4);
  const before = Number(await server.ask("heap"));
  await load(proxy, PLAIN_REQUEST.proxy, GROWTH_REQUESTS);
  const after = Number(await server.ask("heap"));
  return [
    toFigure("proxy.heap-growth", "%", (after / before - 1) * 100, null),
    toFigure("proxy.heap", "MB", after / 2 ** 20, before / 2 ** 20),
  ];
}

/** The benchmarks of the proxy. */
export const proxyBenchmarks: readonly Benchmark[] = [
  { name: "proxy.added-ms", run: withClients(1, addedMs) },
  { name: "proxy.rps", run: withClients(CONNECTIONS, rps) },
  { name: "proxy.first-byte", run: withClients(1, firstByte) },
  { name: "proxy.hop", run: withClients(1, hop) },
  { name: "proxy.heap-growth", run: withClients(CONNECTIONS, heapGrowth) },
  { name: "proxy.paused-200", run: pausedMany },
  { name: "proxy.close", hidden: true, run: closeStage },
];
