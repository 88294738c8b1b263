/**
 * Tries to get out of a sandbox, in many ways, and shows for each that it would work without the control that stops it.
 *
 *     npm run probe -- --sandbox docker|wasm|agentcore [--json] [--only TEXT]
 *
 * Writes the table to docs/isolation.md, unless only some of the probes are run. Ends with 1 when anything escaped, or
 * a probe proves nothing. Every attempt is bounded: a bomb runs within limits that the machine can bear, without its
 * control, too.
 */
import { parseArgs } from "node:util";
import { isFailure, runProbes } from "./probe/probe.ts";
import { type ProbeReport, formatLine, formatSummary, updatePage } from "./probe/report.ts";
import { PROBED_SANDBOXES, type ProbedSandbox, openSuite } from "./probe/suite.ts";

/** Attempts at a time: more disturb those that measure. */
const CONCURRENCY = 3;
const EXIT_USAGE = 2;

interface Options {
  readonly sandbox: ProbedSandbox;
  readonly json: boolean;
  readonly only: string | undefined;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    console.error(`usage: npm run probe -- --sandbox ${PROBED_SANDBOXES.join("|")} [--json] [--only TEXT]`);
    return EXIT_USAGE;
  }
  const report = await probe(options);
  if (options.only === undefined) await updatePage(report);
  const { sandbox, results } = report;
  if (options.json) console.log(JSON.stringify({ sandbox, probes: results }, undefined, 2));
  else console.log(`\n${formatSummary(report)}`);
  return results.length === 0 || results.some(isFailure) ? 1 : 0;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: { sandbox: { type: "string" }, json: { type: "boolean" }, only: { type: "string" } },
    });
    const sandbox = PROBED_SANDBOXES.find((name) => name === values.sandbox);
    return sandbox && { sandbox, json: values.json ?? false, only: values.only };
  } catch {
    return undefined; // the usage says what is wanted
  }
}

async function probe({ sandbox, json, only }: Options): Promise<ProbeReport> {
  const suite = await openSuite(sandbox);
  try {
    const probes = suite.probes.filter(({ name }) => only === undefined || name.includes(only));
    const results = await runProbes(probes, {
      concurrency: CONCURRENCY,
      ...(json ? {} : { onResult: (result) => console.log(formatLine(result)) }),
    });
    const command = `npm run probe -- --sandbox ${sandbox}`;
    return { sandbox, setting: suite.setting, notes: suite.notes, command, results };
  } finally {
    await suite.close();
  }
}
