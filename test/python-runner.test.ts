/**
 * The runner's own Python tests, as one test of the suite.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { requireOrSkip } from "./require.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const UNITTEST_TIMEOUT_MS = 120_000;
/** Longer, so that a suite that hangs is ended before the test gives up. */
const TEST_TIMEOUT_MS = UNITTEST_TIMEOUT_MS + 10_000;

const skip = await requireOrSkip("python", async () => (await run("python3", ["--version"])).stdout);

describe.skipIf(skip)("runner", () => {
  test("runner passes its unittest suite when python3 runs it", { timeout: TEST_TIMEOUT_MS }, async () => {
    // A failing suite exits with 1: execFile then rejects with everything that unittest wrote.
    const unittest = run("python3", ["-m", "unittest", "discover", "-s", "runner/tests"], {
      cwd: root,
      timeout: UNITTEST_TIMEOUT_MS,
    });
    unittest.child.stdin?.end(); // scripts under test see the end of their input, as in a container
    const ran = /^Ran (\d+) tests? in /m.exec((await unittest).stderr);
    expect(Number(ran?.[1] ?? 0)).toBeGreaterThan(0);
  });
});
