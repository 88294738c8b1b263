/**
 * What a neighbour notices of an attack: the 99th percentile of its sequential calls while other sessions in the same
 * process do their worst, beside the same without them.
 */
import { wasm } from "../src/sandbox/wasm/wasm.ts";
import { openScriptSession } from "../src/script/script-session.ts";
import { tool } from "../src/tools/define-tool.ts";
import { forgedSandbox } from "../test/hostile/cases/forged.ts";
import type { Benchmark } from "./benchmark.ts";
import { quantile, toFigure } from "./measure.ts";

const CALLS = 5_000;
const WARM_CALLS = 1_000;

const LARGE = "x".repeat(16 * 1024 * 1024);

/** One after the other, again and again; see `test/hostile/forger.py`. */
const ATTACKS: readonly string[] = [
  `while True: raw(b"\\n" * 65536)`,
  `for id in range(1, 20001): call(id)\nwhile True: blocked(1)`,
  `for id in range(1, 21): call(id)\nblocked()\nfor id in range(20): next(_frames)\ndone()`,
  `call(1, '{"a":[%s{}]}' % ("{}," * 120000))\nwhile True: blocked(0)`,
  `while True: frame(type="output", cell=1, stream="stdout", text="")`,
];

const returnsMuch = tool({
  name: "tool",
  description: "Returns 16 MiB.",
  input: { type: "object" },
  execute: async () => LARGE,
});

/** The benchmark named `hostile.neighbour-p99`. */
export const neighbourBenchmarks: readonly Benchmark[] = [
  {
    name: "hostile.neighbour-p99",
    async run() {
      const sandbox = wasm();
      const quiet = await sequentialCallMs(sandbox);
      const stop = attack();
      const attacked = await sequentialCallMs(sandbox);
      await stop();
      await sandbox.close();
      return [toFigure("hostile.neighbour-p99", "ms", quantile(attacked, 0.99), quantile(quiet, 0.99))];
    },
  },
];

/** From one call of a script to its next. */
async function sequentialCallMs(sandbox: ReturnType<typeof wasm>): Promise<number[]> {
  const times: number[] = [];
  const tick = tool({
    name: "tick",
    description: "Returns nothing.",
    input: { type: "object" },
    execute: async () => void times.push(performance.now()),
  });
  await using session = await openScriptSession({ sandbox, tools: [tick] });
  await session.run(`for n in range(${CALLS + WARM_CALLS}): await tick()`).result;
  return times.slice(WARM_CALLS).map((time, at) => time - (times[WARM_CALLS + at - 1] ?? time));
}

/** Attacks until it is told to stop. */
function attack(): () => Promise<void> {
  const over = new AbortController();
  async function run(): Promise<void> {
    for (let round = 0; !over.signal.aborted; round += 1) {
      const sandbox = forgedSandbox(ATTACKS[round % ATTACKS.length] ?? "");
      const limits = { runningMs: 500, interruptGraceMs: 100, totalMs: 2_000 };
      const session = await openScriptSession({ sandbox, tools: [returnsMuch], limits });
      await session.run("").result.catch(() => {}); // each ends with an error, which is what it is for
      await session.close();
    }
  }
  const running = run();
  return async () => {
    over.abort();
    await running;
  };
}
