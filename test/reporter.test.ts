/**
 * Runs vitest on cases that fail in every way and reads the last line of its output.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL("fixtures/reporter", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

function runCases(...filters: string[]): { exitCode: number | null; lastLine: string | undefined } {
  const args = [vitest, "run", "--root", folder, ...filters];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { exitCode: status, lastLine: stdout.trimEnd().split("\n").at(-1) };
}

describe("SummaryLineReporter", () => {
  test("SummaryLineReporter counts failed, skipped and never-run tests when a hook throws", () => {
    expect(runCases("outcomes")).toEqual({ exitCode: 1, lastLine: "1 passed, 2 failed, 2 skipped" });
  });

  test("SummaryLineReporter counts a failure when a file does not load", () => {
    expect(runCases("unloadable")).toEqual({ exitCode: 1, lastLine: "0 passed, 1 failed, 0 skipped" });
  });

  test("SummaryLineReporter counts a failure when an error belongs to no test", () => {
    expect(runCases("stray")).toEqual({ exitCode: 1, lastLine: "1 passed, 1 failed, 0 skipped" });
  });

  test("SummaryLineReporter counts a failure when no test is found", () => {
    expect(runCases("no-such-case")).toEqual({ exitCode: 1, lastLine: "0 passed, 1 failed, 0 skipped" });
  });
});
