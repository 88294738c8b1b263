/**
 * The contract on the real service. It costs money, so it runs only when `TOOLSCRIPT_AGENTCORE_LIVE` names a region; with
 * credentials from the usual places, and within the account's rate.
 */
import { afterAll, describe, test } from "vitest";
import { agentcore } from "../../src/sandbox/agentcore/agentcore.ts";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";
import { requireOrSkip } from "../require.ts";

const region = process.env["TOOLSCRIPT_AGENTCORE_LIVE"] ?? "";
const TIMEOUT_MS = 300_000;

/** Their times are too short for round trips over the internet. */
const NEEDS_NEARNESS = new Set(["budget.waiting-is-not-running"]);

const skip = await requireOrSkip("agentcore", () => region);

const cases = sandboxContract.filter(({ id }) => !NEEDS_NEARNESS.has(id));

describe.skipIf(skip)("AgentCore sandbox on the real service", { timeout: TIMEOUT_MS }, () => {
  const bench = openContractBench(agentcore({ region }), { threads: true, subprocesses: true });
  afterAll(() => bench.close());

  // One line says as much as all of them that they were skipped.
  for (const one of skip ? cases.slice(0, 1) : cases) {
    test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
  }
});
