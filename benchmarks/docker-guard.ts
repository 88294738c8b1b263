/**
 * A call through `toolscript guard` beside the same call without it, in turn.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../src/sandbox/docker/docker.ts";
import { startGuard } from "../src/sandbox/docker/guard/guard.ts";
import type { Sandbox } from "../src/sandbox/sandbox.ts";
import { openScriptSession, type ScriptSession } from "../src/script/script-session.ts";
import { echo, sequentialCalls } from "./backend-suite.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, median, toFigure } from "./measure.ts";

const ROUNDS = 10;
const CALLS_A_ROUND = 500;

/** The benchmark `docker.guarded-call`; its floor is the same call without the guard. */
export function guardBenchmarks(image: string): readonly Benchmark[] {
  return [{ name: "docker.guarded-call", run: () => guardedCall(image) }];
}

async function guardedCall(image: string): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-bench-"));
  const socketPath = join(folder, "guard.sock");
  const guard = await startGuard({ socketPath, allowedImages: [image], log: () => {} });
  const guarded = docker({ image, host: `unix://${socketPath}` });
  const plain = docker({ image });
  try {
    return [await compare(guarded, plain)];
  } finally {
    await Promise.all([guarded.close(), plain.close()]);
    await guard.close();
    await rm(folder, { recursive: true });
  }
}

async function compare(guarded: Sandbox, plain: Sandbox): Promise<Figure> {
  await using through = await open(guarded);
  await using direct = await open(plain);
  const times: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(...(await sequentialCalls(direct, CALLS_A_ROUND)));
    times.push(...(await sequentialCalls(through, CALLS_A_ROUND)));
  }
  return toFigure("docker.guarded-call", "ms", median(times), median(floors));
}

async function open(sandbox: Sandbox): Promise<ScriptSession> {
  const session = await openScriptSession({ sandbox, tools: [echo] });
  await sequentialCalls(session, CALLS_A_ROUND); // warm
  return session;
}
