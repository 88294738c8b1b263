/**
 * How the tests run. Sandboxes are real processes: few workers, one process each, and generous but bounded times.
 */
import { defineConfig } from "vitest/config";
import { SummaryLineReporter } from "./test/reporter.ts";

/** A sandbox's cold start builds a snapshot (some seconds); a test that needs more names its own timeout. */
const TEST_TIMEOUT_MS = 30_000;

const HOOK_TIMEOUT_MS = 60_000;

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts", "benchmarks/**/*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: HOOK_TIMEOUT_MS,
    reporters: ["default", new SummaryLineReporter()],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["**/*.test.ts"],
    },
  },
});
