/**
 * Runs every probe of a sandbox, once for all tests of a file.
 */
import { PROBE_CLASSES, type ProbeResult, runProbes } from "../tools/probe/probe.ts";
import { formatLine } from "../tools/probe/report.ts";
import { type ProbedSandbox, openSuite } from "../tools/probe/suite.ts";

/** All probes of a sandbox take minutes on a busy machine. */
export const PROBES_TIMEOUT_MS = 400_000;

/** The least number of separate attempts. */
export const LEAST_PROBES = 40;

/** Runs the probes. */
export async function probeSandbox(sandbox: ProbedSandbox): Promise<readonly ProbeResult[]> {
  const suite = await openSuite(sandbox);
  try {
    return await runProbes(suite.probes, { concurrency: 2 });
  } finally {
    await suite.close();
  }
}

/** Classes of which there is no probe. */
export function missingClasses(results: readonly ProbeResult[]): readonly string[] {
  return PROBE_CLASSES.filter((name) => !results.some((result) => result.class === name));
}

/** The lines of those that fit, to be read in a failed test. */
export function linesOf(results: readonly ProbeResult[], fits: (result: ProbeResult) => boolean): string[] {
  return results.filter(fits).map(formatLine);
}
