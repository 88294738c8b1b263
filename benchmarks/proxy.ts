/**
 * What the proxy adds to a request, over the Bedrock emulator, beside a bare `node:http` reverse proxy in the same run.
 *
 * Both stand before the same emulator in this process's neighbour: the proxy under test and the bare pipe are processes
 * of their own, so that neither shares an event loop with the load or with the other.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, median, toFigure } from "./measure.ts";
import { createClient, type HttpClient } from "./proxy/http-client.ts";
import { pauseMany } from "./proxy/pause-many.ts";
import { PLAIN_REQUEST, STREAM_REQUEST } from "./proxy/requests.ts";

const PROGRAM = fileURLToPath(new URL("proxy/servers.ts", import.meta.url));

/** Requests one after another. */
const SEQUENTIAL = 600;
const WARM_UP = 400;
/** Connections at once, and requests over all of them. */
const CONNECTIONS = 32;
const CONCURRENT = 4_000;
const STREAMS = 200;
const HOPS = 500;
const PAUSED = 200;
const GROWTH_REQUESTS = 10_000;

/** A server process: its address, and questions to it. */
interface Server {
  readonly url: string;
  /** Bytes of its heap after a collection. */
  heap(): Promise<number>;
  stop(): Promise<void>;
}

async function startServer(kind: string, upstream: string): Promise<Server> {
  const child = spawn(process.execPath, ["--expose-gc", PROGRAM, kind, upstream], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const [first] = (await once(lines, "line")) as [string];
  return {
    url: first,
    async heap() {
      const answer = once(lines, "line");
      child.stdin.write("heap\n");
      return Number((await answer)[0]);
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
    const [proxy, bare] = [createClient(open.proxy.url, connections), createClient(open.bare.url, connections)];
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
    const bareMs = (await bare.send(PLAIN_REQUEST)).ms;
    const proxyMs = (await proxy.send(PLAIN_REQUEST)).ms;
    if (run < WARM_UP) continue;
    times.bare.push(bareMs);
    times.proxy.push(proxyMs);
  }
  const [value, floor] = [median(times.proxy), median(times.bare)];
  return [toFigure("proxy.added-ms", "ms", value - floor, null), toFigure("proxy.request", "ms", value, floor)];
}

async function requestsPerSecond(client: HttpClient): Promise<number> {
  const start = performance.now();
  let left = CONCURRENT;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.send(PLAIN_REQUEST);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return (CONCURRENT / (performance.now() - start)) * 1000;
}

async function rps(proxy: HttpClient, bare: HttpClient): Promise<Figure[]> {
  const rates = { proxy: [] as number[], bare: [] as number[] };
  for (let run = 0; run < 4; run += 1) {
    const [bareRate, proxyRate] = [await requestsPerSecond(bare), await requestsPerSecond(proxy)];
    if (run === 0) continue;
    rates.bare.push(bareRate);
    rates.proxy.push(proxyRate);
  }
  return [toFigure("proxy.rps", "1/s", median(rates.proxy), median(rates.bare))];
}

async function firstByte(proxy: HttpClient, bare: HttpClient): Promise<Figure[]> {
  const times = { proxy: [] as number[], bare: [] as number[] };
  for (let run = 0; run < STREAMS * 2; run += 1) {
    const bareMs = (await bare.send(STREAM_REQUEST)).firstByteMs;
    const proxyMs = (await proxy.send(STREAM_REQUEST)).firstByteMs;
    if (run < STREAMS) continue;
    times.bare.push(bareMs);
    times.proxy.push(proxyMs);
  }
  const [value, floor] = [median(times.proxy), median(times.bare)];
  return [toFigure("proxy.first-byte", "ms", value - floor, null), toFigure("proxy.stream", "ms", value, floor)];
}

/** Results in, next calls out, as the server itself measures it: the client's own work is no part of it. */
async function hop(proxy: HttpClient): Promise<Figure[]> {
  const [conversation] = await pauseMany(proxy, 1);
  if (conversation === undefined) throw new Error("No conversation was paused");
  const times: number[] = [];
  for (let run = 0; run < HOPS * 2; run += 1) {
    const { serverMs } = await conversation.goOn();
    if (run >= HOPS) times.push(serverMs);
  }
  return [toFigure("proxy.hop", "ms", median(times), null)];
}

async function pausedMany(proxy: HttpClient): Promise<Figure[]> {
  const conversations = await pauseMany(proxy, PAUSED);
  for (const conversation of conversations) await conversation.goOn();
  return [toFigure("proxy.paused-200", "count", conversations.length, PAUSED)];
}

async function heapGrowth(proxy: HttpClient, _bare: HttpClient, { proxy: server }: Stage): Promise<Figure[]> {
  const load = async (requests: number): Promise<void> => {
    let left = requests;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await proxy.send(PLAIN_REQUEST);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  };
  await load(GROWTH_REQUESTS / 5);
  const before = await server.heap();
  await load(GROWTH_REQUESTS);
  const after = await server.heap();
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
  { name: "proxy.paused-200", run: withClients(4, pausedMany) },
  { name: "proxy.close", hidden: true, run: closeStage },
];
