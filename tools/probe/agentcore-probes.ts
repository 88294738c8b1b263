/**
 * What can be probed of AgentCore without an account: the channel and the forging of data, on the emulator. The walls
 * around a session (network, files, processes …) are the service's microVM, which the emulator does not have.
 */
import {
  AGENTCORE_EMULATOR_CREDENTIALS,
  startAgentCoreEmulator,
} from "../../src/emulator/agentcore-emulator.ts";
import { agentcore } from "../../src/sandbox/agentcore/agentcore.ts";
import { sessionProbes } from "./session/session-probes.ts";
import type { ProbeSuite } from "./suite.ts";

/** Opens the suite on an emulator of its own. */
export async function openAgentCoreSuite(): Promise<ProbeSuite> {
  const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
  const sandbox = agentcore({
    endpoint: emulator.url,
    region: "us-east-1",
    credentials: AGENTCORE_EMULATOR_CREDENTIALS,
    invocationsPerSecond: 0,
  });
  return {
    // Kernels of the emulator share the machine's files: what separates sessions there is not ours to show.
    probes: sessionProbes(sandbox).filter((probe) => probe.class !== "other containers"),
    setting:
      "AgentCore emulator, whose kernels are bare python3 processes: only the channel and forging are probed",
    async close() {
      await sandbox.close();
      await emulator.close();
    },
  };
}
