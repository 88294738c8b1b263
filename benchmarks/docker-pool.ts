/**
 * Many sessions: how long taking one from the warm pool lasts, fifty at once from it, and 128 at once without it.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { docker, type DockerSandbox } from "../src/sandbox/docker/docker.ts";
import type { Sandbox } from "../src/sandbox/sandbox.ts";
import { openScriptSession, type ScriptSession } from "../src/script/script-session.ts";
import { tool } from "../src/tools/define-tool.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, median, quantile, timed, toFigure } from "./measure.ts";

const TAKES = 200;
const POOL_SIZE = 10;
const SESSIONS = 50;
const COLD_SESSIONS = 128;
const TOOL_MS = 50;

const slow = tool({
  name: "slow",
  description: "Takes its time.",
  input: { type: "object", properties: { i: { type: "integer" } } },
  execute: async ({ i }) => await sleep(TOOL_MS, i),
});

const TWENTY_CALLS = "import asyncio\nprint(len(await asyncio.gather(*[slow(i=i) for i in range(20)])))";

/** The benchmarks `docker.pool-ready`, `docker.pool-ready-p99`, `docker.fifty-sessions` and `docker.cold-128`. */
export function poolBenchmarks(image: string): readonly Benchmark[] {
  return [
    { name: "docker.pool-ready", run: () => poolReady(image) },
    { name: "docker.fifty-sessions", run: () => fiftySessions(image) },
    { name: "docker.cold-128", run: () => coldSessions(image) },
  ];
}

/** Takes 200 sessions, one after another, each as soon as one is warm, while the pool refills behind. */
async function poolReady(image: string): Promise<Figure[]> {
  const sandbox = docker({ image, pool: { size: POOL_SIZE } });
  const times: number[] = [];
  try {
    await untilWarm(sandbox, POOL_SIZE);
    for (let take = 0; take < TAKES; take += 1) {
      await untilWarm(sandbox, 1);
      const start = performance.now();
      const session = await sandbox.open();
      times.push(performance.now() - start);
      await session.close();
    }
  } finally {
    await sandbox.close();
  }
  return [
    toFigure("docker.pool-ready", "ms", median(times), null),
    toFigure("docker.pool-ready-p99", "ms", quantile(times, 0.99), null),
  ];
}

/** Fifty sessions from a warm pool, each with 20 gathered calls to a 50 ms tool; the floor is one alone. */
async function fiftySessions(image: string): Promise<Figure[]> {
  const sandbox = docker({ image, pool: { size: SESSIONS } });
  const used: ScriptSession[] = [];
  try {
    await untilWarm(sandbox, SESSIONS);
    const alone = await timed(async () => used.push(await oneSession(sandbox)));
    await untilWarm(sandbox, SESSIONS);
    const all = await timed(async () => {
      used.push(...(await Promise.all(Array.from({ length: SESSIONS }, () => oneSession(sandbox)))));
    });
    return [toFigure("docker.fifty-sessions", "ms", all, alone)];
  } finally {
    await Promise.all(used.map((session) => session.close()));
    await sandbox.close();
  }
}

/** 128 fresh sessions that are opened at once: until the first is there, until the last is, and what it takes of the host. */
async function coldSessions(image: string): Promise<Figure[]> {
  const sandbox = docker({ image });
  const times: number[] = [];
  const before = process.cpuUsage();
  try {
    const start = performance.now();
    const open = async () => {
      await sandbox.open();
      times.push(performance.now() - start);
    };
    await Promise.all(Array.from({ length: COLD_SESSIONS }, open));
    const { user, system } = process.cpuUsage(before);
    return [
      toFigure("docker.cold-128-first", "ms", times[0] ?? 0, null),
      toFigure("docker.cold-128-last", "ms", times.at(-1) ?? 0, null),
      toFigure("docker.cold-128-host-cpu", "ms", (user + system) / 1000, null),
    ];
  } finally {
    await sandbox.close();
  }
}

/** From the taking of a session to the result of its cell. */
async function oneSession(sandbox: Sandbox): Promise<ScriptSession> {
  const session = await openScriptSession({ sandbox, tools: [slow] });
  const { stdout, stderr } = await session.run(TWENTY_CALLS).result;
  if (stdout !== "20\n") throw new Error(`a session printed "${stdout}" and "${stderr}"`);
  return session;
}

async function untilWarm(sandbox: DockerSandbox, count: number): Promise<void> {
  while (sandbox.stats().warm < count) {
    await nextTurn();
    await sleep(5);
  }
}
