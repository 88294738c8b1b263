/**
 * `npm run bench [-- --only NAME] [--json]`: every figure beside its floor, measured in the same run.
 *
 * `--only wasm` or `--only wasm.call` runs a part; several are separated by commas.
 */
import { cpus, release, totalmem, type } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { agentcoreBenchmarks } from "./agentcore.ts";
import type { Benchmark } from "./benchmark.ts";
import { dockerBenchmarks } from "./docker.ts";
import type { Figure } from "./measure.ts";
import { neighbourBenchmarks } from "./neighbour.ts";
import { proxyBenchmarks } from "./proxy.ts";
import { wasmBenchmarks } from "./wasm.ts";

const benchmarks: readonly Benchmark[] = [
  ...wasmBenchmarks,
  ...dockerBenchmarks,
  ...agentcoreBenchmarks,
  ...proxyBenchmarks,
  ...neighbourBenchmarks,
];

const { values: options } = parseArgs({
  options: { only: { type: "string" }, json: { type: "boolean", default: false } },
});
const selected = select(options.only?.split(",") ?? []);
const figures: Figure[] = [];
for (const benchmark of selected) {
  if (!options.json && benchmark.hidden !== true) process.stderr.write(`${benchmark.name} …\n`);
  figures.push(...(await benchmark.run()));
}
process.stdout.write(
  options.json ? `${JSON.stringify(figures, null, 2)}\n` : `${describeMachine()}\n${toTable(figures)}\n`,
);

/** The benchmarks whose name is one of `names` or below it, with the closing steps of their backends. */
function select(names: readonly string[]): Benchmark[] {
  const wanted = benchmarks.filter(
    (benchmark) =>
      benchmark.hidden !== true &&
      (names.length === 0 ||
        names.some((name) => benchmark.name === name || benchmark.name.startsWith(`${name}.`))),
  );
  if (wanted.length === 0) {
    const known = benchmarks
      .filter((benchmark) => benchmark.hidden !== true)
      .map((benchmark) => benchmark.name);
    process.stderr.write(`No benchmark is named "${names.join(",")}"; there are ${known.join(", ")}\n`);
    process.exit(2);
  }
  const backends = new Set(wanted.map((benchmark) => benchmark.name.split(".")[0]));
  return benchmarks.filter(
    (benchmark) =>
      wanted.includes(benchmark) || (benchmark.hidden === true && backends.has(benchmark.name.split(".")[0])),
  );
}

function describeMachine(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
}

function toTable(rows: readonly Figure[]): string {
  const table = new Table({
    head: ["name", "value", "unit", "floor", "ratio"],
    style: { head: [], border: [] },
  });
  for (const row of rows) table.push([row.name, row.value, row.unit, row.floor ?? "–", row.ratio ?? "–"]);
  return table.toString();
}
