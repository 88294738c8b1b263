/**
 * The Docker sandbox beside a raw echo in a container made from the same template, and a bare `docker run`.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { containerLabels, containerSpec } from "../src/sandbox/docker/container-spec.ts";
import { splitAttachedStreams } from "../src/sandbox/docker/attached-streams.ts";
import { resolveDockerOptions } from "../src/sandbox/docker/docker-options.ts";
import { docker } from "../src/sandbox/docker/docker.ts";
import { resolveEngineAddress } from "../src/sandbox/docker/engine-address.ts";
import { openEngine } from "../src/sandbox/docker/engine.ts";
import { readHostIdentity } from "../src/sandbox/docker/host-identity.ts";
import { backendSuite, type BackendUnderTest } from "./backend-suite.ts";
import type { Benchmark } from "./benchmark.ts";
import { poolBenchmarks } from "./docker-pool.ts";
import { type Echo, echoOver } from "./echo-process.ts";
import { guardBenchmarks } from "./docker-guard.ts";
import { childProcesses, parentOf, proportionalMb } from "./resident-memory.ts";

const run = promisify(execFile);

/** The image that is measured: `TOOLSCRIPT_DOCKER_IMAGE`, or the one that `npm run image:debian` makes. */
const BENCH_IMAGE = process.env["TOOLSCRIPT_DOCKER_IMAGE"] ?? "toolscript/python:debian";

const PYTHON_ECHO = `import os
while True:
    data = os.read(0, 65536)
    if not data: break
    while data: data = data[os.write(2, data):]`;

const MEMORY_SESSIONS = 8;

/** The benchmarks named `docker.…`. */
export const dockerBenchmarks: readonly Benchmark[] = [
  ...backendSuite(openBackend)("docker"),
  ...poolBenchmarks(BENCH_IMAGE),
  ...guardBenchmarks(BENCH_IMAGE),
];

async function openBackend(): Promise<BackendUnderTest> {
  return {
    prefix: "docker",
    sandbox: docker({ image: BENCH_IMAGE }),
    openEcho: openContainerEcho,
    async startBare() {
      await run("docker", ["run", "--rm", "--network", "none", BENCH_IMAGE, "python3", "-c", "pass"]);
    },
    idleMemory: async () => ({ value: await idleContainerMb(), floor: null }),
  };
}

/** A raw echo through an attached container of the very template that sessions use. */
async function openContainerEcho(): Promise<Echo> {
  const settings = resolveDockerOptions({ image: BENCH_IMAGE });
  const engine = openEngine(resolveEngineAddress(undefined), settings.requestTimeoutMs);
  const labels = containerLabels(readHostIdentity(), Date.now());
  const name = `toolscript-bench-echo-${process.pid}`;
  const id = await engine.create(name, containerSpec(settings.container, PYTHON_ECHO, labels));
  const { input, output } = splitAttachedStreams(await engine.attach(id));
  const echo = echoOver(input, output, async () => {
    input.end();
    await engine.remove(id);
  });
  await engine.start(id, BENCH_IMAGE);
  await echo.roundTrip(2);
  return echo;
}

/** Memory that a session costs before its first cell: its container's processes and its shim, shared pages divided. */
async function idleContainerMb(): Promise<number> {
  const sandbox = docker({ image: BENCH_IMAGE });
  try {
    const sessions = await Promise.all(Array.from({ length: MEMORY_SESSIONS }, () => sandbox.open()));
    const names = sessions.map((session) => session.id);
    const { stdout } = await run("docker", ["inspect", "--format", "{{.State.Pid}}", ...names]);
    const pids = stdout.trim().split("\n").map(Number);
    const total = pids.reduce((sum, pid) => sum + containerMb(pid), 0);
    return total / MEMORY_SESSIONS;
  } finally {
    await sandbox.close();
  }
}

/** The container's process 1, the processes that it started, and the shim that started it. */
function containerMb(pid: number): number {
  const processes = [parentOf(pid), pid, ...childProcesses(pid)];
  return processes.reduce((sum, each) => sum + proportionalMb(each), 0);
}
