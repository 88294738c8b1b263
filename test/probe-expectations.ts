/**
 * What every sandbox's probes must show. Each runs once, for all tests of a file.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { PROBE_CLASSES, type ProbeResult, runProbes } from "../tools/probe/probe.ts";
import { formatLine } from "../tools/probe/report.ts";
import { type ProbedSandbox, openSuite } from "../tools/probe/suite.ts";

/** All probes of a sandbox take minutes on a busy machine. */
const PROBES_TIMEOUT_MS = 400_000;

/** The least number of separate attempts. */
const LEAST_PROBES = 40;

/** The tests of a sandbox's probes. */
export function describeProbes(sandbox: ProbedSandbox, skip: boolean): void {
  describe.skipIf(skip)(`probes of the ${sandbox} sandbox`, () => {
    let results: readonly ProbeResult[];
    beforeAll(async () => {
      results = await probeSandbox(sandbox);
    }, PROBES_TIMEOUT_MS);

    test("nothing escapes", () => {
      expect(linesOf(results, ({ outcome }) => outcome !== "contained")).toEqual([]);
    });

    test("every attempt works without the control that stops it", () => {
      expect(linesOf(results, (result) => !result.controlShown && !result.controlUnavailable)).toEqual([]);
    });

    test("there are enough attempts, each with its own name, and of every class", () => {
      expect(results.length).toBeGreaterThanOrEqual(LEAST_PROBES);
      expect(new Set(results.map(({ name }) => name)).size).toBe(results.length);
      expect(missingClasses(results)).toEqual([]);
    });
  });
}

async function probeSandbox(sandbox: ProbedSandbox): Promise<readonly ProbeResult[]> {
  const suite = await openSuite(sandbox);
  try {
    return await runProbes(suite.probes, { concurrency: 2 });
  } finally {
    await suite.close();
  }
}

/** Classes of which there is no probe. */
function missingClasses(results: readonly ProbeResult[]): readonly string[] {
  return PROBE_CLASSES.filter((name) => !results.some((result) => result.class === name));
}

/** The lines of those that fit, to be read in a failed test. */
function linesOf(results: readonly ProbeResult[], fits: (result: ProbeResult) => boolean): string[] {
  return results.filter(fits).map(formatLine);
}
