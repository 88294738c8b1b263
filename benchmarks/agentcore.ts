/**
 * The AgentCore sandbox on the emulator beside bare `executeCode` requests of the AWS SDK, which do nothing.
 *
 * Without limits of rate, so that figures are ours and not the quota's. The echo of the other backends has no counterpart
 * here: its round trip is an `executeCode` that assigns as many characters.
 */
import {
  AGENTCORE_EMULATOR_CREDENTIALS,
  type AgentCoreEmulator,
  startAgentCoreEmulator,
} from "../src/emulator/agentcore-emulator.ts";
import { agentcore, type AgentCoreOptions } from "../src/sandbox/agentcore/agentcore.ts";
import { type AgentCoreClient, createAgentCoreClient } from "../src/sandbox/agentcore/agentcore-client.ts";
import { resolveAgentCoreOptions } from "../src/sandbox/agentcore/agentcore-options.ts";
import { backendSuite, type BackendUnderTest } from "./backend-suite.ts";
import type { Benchmark } from "./benchmark.ts";
import type { Echo } from "./echo-process.ts";
import { childProcesses, residentMb } from "./resident-memory.ts";

const NEVER = { signal: new AbortController().signal, timeoutMs: 600_000 };

/** The benchmarks named `agentcore.…`. */
export const agentcoreBenchmarks: readonly Benchmark[] = backendSuite(openBackend)("agentcore");

async function openBackend(): Promise<BackendUnderTest> {
  const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
  const options = toOptions(emulator);
  const client = createAgentCoreClient(resolveAgentCoreOptions(options));
  const sandbox = agentcore(options);
  return {
    prefix: "agentcore",
    sandbox: {
      ...sandbox,
      async close() {
        await sandbox.close();
        client.destroy();
        await emulator.close();
      },
    },
    openEcho: () => openEcho(client),
    async startBare() {
      const bare = await openEcho(client);
      await bare.close();
    },
    idleMemory: () => idleMemory(client),
  };
}

function toOptions({ url }: AgentCoreEmulator): AgentCoreOptions {
  return {
    region: "us-east-1",
    endpoint: url,
    credentials: AGENTCORE_EMULATOR_CREDENTIALS,
    invocationsPerSecond: 0,
  };
}

/** A session whose round trip is one `executeCode`. */
async function openEcho(client: AgentCoreClient): Promise<Echo> {
  const sessionId = await client.start(crypto.randomUUID(), NEVER);
  return {
    async roundTrip(bytes) {
      await client.execute(sessionId, `_ = "${"x".repeat(bytes)}"`, NEVER);
    },
    close: () => client.stop(sessionId, NEVER),
  };
}

/** Kernels are children of this process, because the emulator is; an empty one is the floor. */
async function idleMemory(client: AgentCoreClient): Promise<{ value: number; floor: number | null }> {
  const value = Math.max(0, ...childProcesses().map(residentMb));
  const before = new Set(childProcesses());
  const bare = await openEcho(client);
  await bare.roundTrip(1);
  const own = childProcesses().filter((pid) => !before.has(pid));
  const floor = Math.max(0, ...own.map(residentMb));
  await bare.close();
  return { value, floor };
}
