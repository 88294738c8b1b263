/**
 * The contract on the AgentCore sandbox over the emulator: as it is used, and with invocations so short that every script
 * is left and found again many times while it computes.
 */
import { afterAll, describe, test } from "vitest";
import { startAgentCoreEmulator } from "../../src/emulator/agentcore-emulator.ts";
import { agentcore } from "../../src/sandbox/agentcore/agentcore.ts";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";
import { clientOptions } from "../integration/agentcore/emulated.ts";

/** Without limits of rate: these cases make thousands of invocations, one for each call that a script makes in turn. */
const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
afterAll(() => emulator.close());

describe.each([
  ["AgentCore sandbox on the emulator", {}],
  ["AgentCore sandbox on the emulator, invocations of 10 ms", { longestInvocationMs: 10 }],
])("%s", (_title, options) => {
  const sandbox = agentcore({ ...clientOptions(emulator), ...options });
  const bench = openContractBench(sandbox, { threads: true, subprocesses: true });
  afterAll(() => bench.close());

  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
});
