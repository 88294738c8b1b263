/** What a script writes past the frames costs the host nothing, or ends its session. */
import { expect, test } from "vitest";
import { REACH_JAVASCRIPT } from "../../tools/probe/wasm/reach-javascript.ts";
import type { WritingOutcome } from "./cases/wasm-output.ts";
import { MAX_TURN_MS } from "./measure.ts";
import { measureCase, runCase } from "./run-case.ts";

/** Megabytes that the script writes. Reading as much takes most of a second of processor time. */
const MEGABYTES = 1_000;

/** For all that a cell costs, however much its script computes. */
const MAX_HOST_MS = 150;

const FLOOD = `${REACH_JAVASCRIPT}
text = "x" * 2 ** 20
for _ in range(${MEGABYTES}):
    js.console.log(text)
print("written")`;

const FLOOD_OF_ERRORS = FLOOD.replace("console.log", "console.error");

test(
  "a flood of standard output from JavaScript costs the host nothing [wasm.silent-output]",
  { timeout: 120_000 },
  async () => {
    const { value } = await runCase("wasm-output.ts", "costOfWriting", {
      argument: FLOOD,
      timeoutMs: 100_000,
    });
    const { end, hostMs } = value as WritingOutcome;
    expect(end).toBe("written\n");
    expect(hostMs).toBeLessThanOrEqual(MAX_HOST_MS);
  },
);

test("a flood of standard error from JavaScript ends its session", { timeout: 120_000 }, async () => {
  const { value, cost } = await measureCase("wasm-output.ts", "writePastTheFrames", {
    argument: FLOOD_OF_ERRORS,
    timeoutMs: 100_000,
  });
  expect(value).toBe("protocol-violation");
  expect(cost.longestTurnMs).toBeLessThanOrEqual(MAX_TURN_MS);
});
