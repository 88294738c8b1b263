/**
 * Prints `N passed, N failed, N skipped` as the very last line of a test run, for people and for programs that read it.
 *
 * The line is counted when the run ends and written when the process exits, so that neither another reporter nor the
 * coverage table can follow it. What never ran because something broke counts as failed: a file that does not load, a
 * hook that throws, an error outside any test, a run without tests.
 */
import { writeSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/** Tests by outcome. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a run leaves when it breaks off before it could be counted. */
const BROKEN_RUN: TestCounts = { passed: 0, failed: 1, skipped: 0 };

/** The vitest reporter. Put it last in `reporters`. */
export class SummaryLineReporter implements Reporter {
  #counts = BROKEN_RUN;

  onInit(): void {
    process.once("exit", () => writeSync(1, `${toSummaryLine(this.#counts)}\n`));
  }

  onTestRunStart(): void {
    this.#counts = BROKEN_RUN;
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    this.#counts = countTests(modules, errors.length, reason);
  }
}

/** The line itself, without a line end. */
export function toSummaryLine(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

function countTests(
  modules: readonly TestModule[],
  strayErrors: number,
  reason: TestRunEndReason,
): TestCounts {
  const counts = { passed: 0, failed: strayErrors, skipped: 0 };
  for (const module of modules) {
    counts.failed += countBrokenSuites(module);
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === "pending" ? "failed" : state] += 1;
    }
  }
  if (reason !== "passed" && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Files that did not load, and suites whose hooks threw. */
function countBrokenSuites(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].filter((suite) => suite.errors().length > 0).length;
}
