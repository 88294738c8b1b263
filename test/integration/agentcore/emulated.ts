/**
 * An AgentCore sandbox over an emulator of its own, for tests: without limits of rate unless they are the matter.
 */
import {
  AGENTCORE_EMULATOR_CREDENTIALS,
  type AgentCoreEmulator,
  type AgentCoreEmulatorOptions,
  startAgentCoreEmulator,
} from "../../../src/emulator/agentcore-emulator.ts";
import {
  type AgentCoreOptions,
  type AgentCoreSandbox,
  agentcore,
} from "../../../src/sandbox/agentcore/agentcore.ts";
import {
  openScriptSession,
  type OpenScriptSessionOptions,
  type ScriptSession,
} from "../../../src/script/script-session.ts";

/** An emulator, a sandbox on it, and what opens sessions there. */
export interface Emulated extends AsyncDisposable {
  readonly emulator: AgentCoreEmulator;
  readonly sandbox: AgentCoreSandbox;
  open(options?: Omit<OpenScriptSessionOptions, "sandbox">): Promise<ScriptSession>;
}

/** What a client of an emulator needs. */
export function clientOptions({ url }: AgentCoreEmulator): AgentCoreOptions {
  return {
    region: "us-east-1",
    endpoint: url,
    credentials: AGENTCORE_EMULATOR_CREDENTIALS,
    invocationsPerSecond: 0,
  };
}

/** Starts both; disposing of it fails when a session was left open. */
export async function emulate(
  options: AgentCoreOptions = {},
  emulatorOptions: AgentCoreEmulatorOptions = {},
): Promise<Emulated> {
  const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0, ...emulatorOptions });
  const sandbox = agentcore({ ...clientOptions(emulator), ...options });
  return {
    emulator,
    sandbox,
    open: (given = {}) => openScriptSession({ sandbox, ...given }),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      const left = emulator.sessions.filter(({ status }) => status === "READY").length;
      await emulator.close();
      if (left > 0) throw new Error(`${left} sessions were left open`);
    },
  };
}
