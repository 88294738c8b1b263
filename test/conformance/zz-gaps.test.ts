import { afterAll, describe, test } from "vitest";
import {
  AGENTCORE_EMULATOR_CREDENTIALS,
  startAgentCoreEmulator,
} from "../../src/emulator/agentcore-emulator.ts";
import { agentcore } from "../../src/sandbox/agentcore/agentcore.ts";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";

/** Without limits of rate: these cases make thousands of invocations, one for each call that a script makes in turn. */
const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
const sandbox = agentcore({
  region: "us-east-1",
  endpoint: emulator.url,
  credentials: AGENTCORE_EMULATOR_CREDENTIALS,
  invocationsPerSecond: 0, longestInvocationMs: 10,
});
const bench = openContractBench(sandbox, { threads: true, subprocesses: true });
afterAll(async () => {
  await bench.close();
  await emulator.close();
});

describe("AgentCore sandbox on the emulator", () => {
  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
});
