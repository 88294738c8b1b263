/**
 * The servers of the proxy's benchmarks, one to a process: `servers.ts emulator|bare|proxy|proxy-many UPSTREAM`.
 *
 * The first line of output is the address; then the lines of input are questions: `heap` for the bytes of the heap after
 * a collection, `hops` for the milliseconds of the hops since the last question.
 */
import { createServer, Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { startBedrockEmulator } from "../../src/emulator/emulator.ts";
import { bedrock } from "../../src/model/bedrock/bedrock.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import { createScriptQueue } from "../../src/proxy/access/script-queue.ts";
import { createProxy } from "../../src/proxy/create-proxy.ts";
import { bedrockModelNames } from "../../src/proxy/names/model-names.ts";
import { wasm } from "../../src/sandbox/wasm/wasm.ts";
import { createProcessSandbox } from "../../test/fixtures/process-sandbox.ts";

const ANSWER = "Paris. ".repeat(60);
const LOOP = 'for _ in range(10):\n    await get({"n": 1})';

/** Milliseconds of hops that did not sample. */
let hopsMs: number[] = [];

/** Writes the loop where the conversation asks for it. */
function play({ messages }: ModelRequest) {
  const isAsked = messages.length === 1 && JSON.stringify(messages[0]?.content).includes('"loop"');
  if (!isAsked) return { content: ANSWER };
  return { content: [{ type: "tool_use", name: "code_execution", input: { code: LOOP } }] };
}

async function startEmulator(): Promise<string> {
  const emulator = await startBedrockEmulator({ auth: "none", scenario: play, maxRecordedRequests: 1 });
  return emulator.url;
}

/** A reverse proxy that does nothing. */
async function startBare(upstream: string): Promise<string> {
  const { hostname, port } = new URL(upstream);
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { url: path, method, headers } = incoming;
    const forwarded = request({ agent, hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", (error) => outgoing.destroy(error));
    incoming.pipe(forwarded);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As `toolscript serve` starts it, with a log that goes nowhere. */
async function startProxy(upstream: string, isMany: boolean): Promise<string> {
  const credentials = { accessKeyId: "AKIABENCHMARK0000000", secretAccessKey: "benchmark" };
  // A process to a container, without isolation: that many containers of a real sandbox measure its memory, not us.
  const sandbox = isMany ? createProcessSandbox() : wasm();
  const proxy = createProxy({
    model: (id) => bedrock(id, { region: "us-east-1", endpoint: upstream, credentials }),
    names: bedrockModelNames({ region: "us-east-1" }),
    gate: createScriptQueue(),
    sandbox,
    log: ({ kind, samples, ms }) => {
      if (kind === "continuation" && samples === undefined) hopsMs.push(Number(ms));
    },
  });
  process.once(
    "SIGTERM",
    () =>
      void proxy
        .close({ deadlineMs: 0 })
        .then(() => sandbox.close())
        .then(() => process.exit(0)),
  );
  return (await proxy.listen()).url;
}

async function start(kind: string, upstream: string): Promise<string> {
  if (kind === "emulator") return await startEmulator();
  return kind === "bare" ? await startBare(upstream) : await startProxy(upstream, kind === "proxy-many");
}

function answerQuestion(question: string): string {
  if (question === "hops") {
    const asked = hopsMs;
    hopsMs = [];
    return JSON.stringify(asked);
  }
  for (let run = 0; run < 3; run += 1) globalThis.gc?.();
  return String(process.memoryUsage().heapUsed);
}

const [kind = "", upstream = ""] = process.argv.slice(2);
process.stdout.write(`${await start(kind, upstream)}\n`);
createInterface(process.stdin)
  .on("line", (line) => process.stdout.write(`${answerQuestion(line)}\n`))
  .on("close", () => process.exit(0));
