/**
 * AgentCore for commands that show things: the service when AWS credentials are configured, else the emulator on this
 * machine, and then a line says so. Never for commands that run what strangers wrote: the emulator isolates nothing.
 */
import type { Sandbox } from "../sandbox/sandbox.ts";
import { checkCredentials } from "./doctor/check-aws.ts";

const EMULATED_REGION = "us-east-1";

/** Makes the sandbox; `say` gets the line. Closing the sandbox ends the emulator, too. */
export async function agentcoreOrEmulator(say: (line: string) => void): Promise<Sandbox> {
  const { agentcore } = await import("../sandbox/agentcore/agentcore.ts");
  // A Bedrock API key alone does not open AgentCore, which wants signatures.
  const { AWS_BEARER_TOKEN_BEDROCK: _key, ...environment } = process.env;
  if (checkCredentials(environment).status === "ok") return agentcore();
  const { AGENTCORE_EMULATOR_CREDENTIALS, startAgentCoreEmulator } =
    await import("../emulator/agentcore-emulator.ts");
  const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
  say(
    "No AWS credentials are configured: using the AgentCore emulator on this machine, which isolates nothing",
  );
  const sandbox = agentcore({
    endpoint: emulator.url,
    region: EMULATED_REGION,
    credentials: AGENTCORE_EMULATOR_CREDENTIALS,
    invocationsPerSecond: 0,
  });
  return {
    name: sandbox.name,
    open: (options) => sandbox.open(options),
    async close() {
      await sandbox.close();
      await emulator.close();
    },
  };
}
