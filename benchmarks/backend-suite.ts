/**
 * The measurements that every sandbox backend gets, each beside its floor in the same run.
 */
import * as z from "zod";
import type { Sandbox } from "../src/sandbox/sandbox.ts";
import { openScriptSession, type ScriptSession } from "../src/script/script-session.ts";
import { tool } from "../src/tools/define-tool.ts";
import type { Echo } from "./echo-process.ts";
import { type Figure, median, timed, timedInTurn, toFigure } from "./measure.ts";
import type { Benchmark } from "./benchmark.ts";

/** A backend and its floors. */
export interface BackendUnderTest {
  /** Prefix of the names: `wasm`, `docker`, `agentcore`. */
  readonly prefix: string;
  readonly sandbox: Sandbox;
  /** Opens the raw echo. */
  openEcho(): Promise<Echo>;
  /** Starts the bare process, without us, until it answers, and ends it. */
  startBare(): Promise<void>;
  /** Resident megabytes of one idle session, of the session that is open now. */
  idleMemory(session: ScriptSession): Promise<{ value: number; floor: number | null }>;
}

const CALLS = 5000;
const CALL_BYTES = 100;
const MIB = 1024 * 1024;

/** The tool that the measurements call. */
export const echo = tool({
  name: "echo",
  description: "Returns its value.",
  input: { type: "object", properties: { value: {} }, required: ["value"], additionalProperties: false },
  output: z.unknown(),
  execute: async ({ value }) => value,
});

/** The benchmarks of one backend, in a sensible order. */
export function backendSuite(
  open: () => Promise<BackendUnderTest>,
): (prefix: string) => readonly Benchmark[] {
  let opened: Promise<BackendUnderTest> | undefined;
  const backend = (): Promise<BackendUnderTest> => (opened ??= open());
  const withSession =
    (measure: (session: ScriptSession, floor: Echo, backend: BackendUnderTest) => Promise<Figure[]>) =>
    async (): Promise<Figure[]> => {
      const under = await backend();
      await using session = await openScriptSession({ sandbox: under.sandbox, tools: [echo] });
      const floor = await under.openEcho();
      try {
        return await measure(session, floor, under);
      } finally {
        await floor.close();
      }
    };
  return (prefix) => [
    { name: `${prefix}.ready`, run: async () => [await ready(prefix, await backend())] },
    { name: `${prefix}.warm-cell`, run: withSession((session, floor) => warmCell(prefix, session, floor)) },
    { name: `${prefix}.call`, run: withSession((session, floor) => sequential(prefix, session, floor)) },
    { name: `${prefix}.levels-20`, run: withSession((session, floor) => levels(prefix, session, floor)) },
    ...[20, 1000, 10_000].map((count) => ({
      name: `${prefix}.gather-${count}`,
      run: withSession((session, floor) => gather(prefix, count, session, floor)),
    })),
    { name: `${prefix}.mib`, run: withSession((session, floor) => mebibyte(prefix, session, floor)) },
    {
      name: `${prefix}.idle-memory`,
      run: withSession((session, _floor, under) => memory(prefix, session, under)),
    },
    { name: `${prefix}.close`, hidden: true, run: async () => closeIfOpen(opened) },
  ];
}

async function closeIfOpen(opened: Promise<BackendUnderTest> | undefined): Promise<Figure[]> {
  await (await opened)?.sandbox.close();
  return [];
}

async function ready(prefix: string, backend: BackendUnderTest): Promise<Figure> {
  await (await backend.sandbox.open()).close(); // builds what is built once
  const times: number[] = [];
  const floors: number[] = [];
  for (let run = 0; run < 9; run += 1) {
    floors.push(await timed(() => backend.startBare()));
    const start = performance.now();
    const session = await backend.sandbox.open();
    times.push(performance.now() - start);
    await session.close();
  }
  return toFigure(`${prefix}.ready`, "ms", median(times), median(floors));
}

async function warmCell(prefix: string, session: ScriptSession, floor: Echo): Promise<Figure[]> {
  for (let run = 0; run < 50; run += 1) await session.run("pass").result;
  const { value, floor: bare } = await timedInTurn(
    200,
    () => session.run("x = 1").result,
    () => floor.roundTrip(CALL_BYTES),
  );
  return [toFigure(`${prefix}.warm-cell`, "ms", value, bare)];
}

async function sequential(prefix: string, session: ScriptSession, floor: Echo): Promise<Figure[]> {
  for (let trip = 0; trip < 200; trip += 1) await floor.roundTrip(CALL_BYTES);
  const times: number[] = [];
  const floors: number[] = [];
  for (let part = 0; part < 5; part += 1) {
    times.push(...(await sequentialCalls(session, CALLS / 5)));
    for (let trip = 0; trip < CALLS / 5; trip += 1) {
      floors.push(await timed(() => floor.roundTrip(CALL_BYTES)));
    }
  }
  return [
    toFigure(`${prefix}.call`, "ms", median(times), median(floors)),
    toFigure(`${prefix}.call-first-100`, "ms", median(times.slice(0, 100)), median(floors)),
  ];
}

/** Milliseconds of each of `count` sequential calls, timed by the script itself. The session's tool is {@link echo}. */
export async function sequentialCalls(session: ScriptSession, count: number): Promise<number[]> {
  const code = `import time
_clock = time.perf_counter
_times = []
for _i in range(${count}):
    _start = _clock()
    await echo(value=_i)
    _times.append((_clock() - _start) * 1000)
print(*_times)`;
  const { stdout } = await session.run(code).result;
  return stdout.trim().split(" ").map(Number);
}

/** Twenty dependent calls of a tool that costs nothing: any fixed delay would show here twenty times. */
async function levels(prefix: string, session: ScriptSession, floor: Echo): Promise<Figure[]> {
  const run = (): Promise<unknown> =>
    session.run("v = 0\nfor _i in range(20): v = await echo(value=v)").result;
  const trips = async (): Promise<void> => {
    for (let level = 0; level < 20; level += 1) await floor.roundTrip(CALL_BYTES);
  };
  for (let warm = 0; warm < 20; warm += 1) await run();
  const { value, floor: bare } = await timedInTurn(50, run, trips);
  return [toFigure(`${prefix}.levels-20`, "ms", value, bare)];
}

async function gather(prefix: string, count: number, session: ScriptSession, floor: Echo): Promise<Figure[]> {
  const code = `import asyncio\n_ = await asyncio.gather(*[echo(value=i) for i in range(${count})])`;
  const runs = count >= 10_000 ? 7 : count >= 1000 ? 15 : 60;
  for (let warm = 0; warm < Math.ceil(runs / 3); warm += 1) await session.run(code).result;
  const { value, floor: bare } = await timedInTurn(
    runs,
    () => session.run(code).result,
    () => floor.roundTrip(CALL_BYTES * count),
  );
  return [toFigure(`${prefix}.gather-${count}`, "ms", value, bare)];
}

async function mebibyte(prefix: string, session: ScriptSession, floor: Echo): Promise<Figure[]> {
  await session.run(`text = "x" * ${MIB}`).result;
  const run = (): Promise<unknown> => session.run("_ = await echo(value=text)").result;
  for (let warm = 0; warm < 5; warm += 1) await run();
  const { value, floor: bare } = await timedInTurn(25, run, () => floor.roundTrip(MIB));
  return [toFigure(`${prefix}.mib`, "ms", value, bare)];
}

async function memory(prefix: string, session: ScriptSession, backend: BackendUnderTest): Promise<Figure[]> {
  await session.run("pass").result;
  const { value, floor } = await backend.idleMemory(session);
  return [toFigure(`${prefix}.idle-memory`, "MB", value, floor)];
}
