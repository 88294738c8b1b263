/**
 * `toolscript emulate bedrock|agentcore`: an AWS service on localhost, until the user stops it.
 */
import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { EXIT_CODES } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { loadUserScenario } from "../load-user-scenario.ts";

interface EmulateOptions {
  readonly port: number;
  readonly scenario?: string;
}

const DEFAULT_PORT = 4010;
const DEFAULT_AGENTCORE_PORT = 4011;
const MAX_PORT = 65_535;

/** Adds the command to the program. */
export function addEmulateCommand(program: Command, register: RegisterJob): void {
  const emulate = program.command("emulate").description("run an AWS service on localhost, for offline work");
  emulate
    .command("bedrock")
    .description("answer Bedrock's runtime API from a scenario; no model is called")
    .option("--port <number>", "port to listen on, 0 for any free one", parsePort, DEFAULT_PORT)
    .option("--scenario <file>", "JSON file, or module, with the answers in place of a model")
    .action((options: EmulateOptions) => register((signal) => emulateBedrock(options, signal)));
  emulate
    .command("agentcore")
    .description("answer the Code Interpreter's API with a local python3; it isolates nothing")
    .option("--port <number>", "port to listen on, 0 for any free one", parsePort, DEFAULT_AGENTCORE_PORT)
    .action(({ port }: { port: number }) => register((signal) => emulateAgentCore(port, signal)));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError(`Wanted a number from 0 to ${MAX_PORT}.`);
}

async function emulateBedrock({ port, scenario }: EmulateOptions, signal: AbortSignal): Promise<number> {
  const { startBedrockEmulator } = await import("../../emulator/emulator.ts");
  const turns = scenario === undefined ? {} : { scenario: await loadUserScenario(scenario) };
  const emulator = await startBedrockEmulator({ port, ...turns });
  try {
    print(process.stdout, await describeEmulator(emulator.url, scenario));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await emulator.close();
  }
  return EXIT_CODES.ok;
}

/** Everything that a client needs, to be pasted into a shell; the keys open nothing but an emulator. */
async function describeEmulator(url: string, scenario: string | undefined): Promise<string> {
  const { EMULATOR_CREDENTIALS } = await import("../../emulator/emulator.ts");
  const { accessKeyId, secretAccessKey } = EMULATOR_CREDENTIALS;
  const answers = scenario === undefined ? "no scenario: every request is refused" : `scenario "${scenario}"`;
  return `Bedrock emulator on ${url} (no model is called; ${answers})
Use it with:
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url} AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
Stop it with Ctrl-C
`;
}

async function emulateAgentCore(port: number, signal: AbortSignal): Promise<number> {
  const { AGENTCORE_EMULATOR_CREDENTIALS, startAgentCoreEmulator } =
    await import("../../emulator/agentcore-emulator.ts");
  const emulator = await startAgentCoreEmulator({ port });
  const { accessKeyId, secretAccessKey } = AGENTCORE_EMULATOR_CREDENTIALS;
  try {
    print(
      process.stdout,
      `AgentCore emulator on ${emulator.url} (code runs in a local python3; it isolates nothing)
Use it with:
  export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE=${emulator.url} AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
Stop it with Ctrl-C
`,
    );
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await emulator.close();
  }
  return EXIT_CODES.ok;
}
