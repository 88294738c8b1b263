/**
 * `toolscript serve`: the Claude API's programmatic tool calling on a port.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { RegisterJob } from "../job.ts";
import { loadServeConfig, type ServeConfig, UNSAMPLED_STREAMS, UPSTREAMS } from "../serve/serve-config.ts";
import { SANDBOX_NAMES } from "../resolve-sandbox.ts";

type ServeFlags = ServeConfig & { readonly config?: string };

const EXAMPLES = `
Examples:
  $ toolscript serve --upstream bedrock --region eu-central-1
  $ toolscript keys add my-app --file keys.json
  $ toolscript serve --host 0.0.0.0 --port 8080 --keys keys.json --sandbox docker
  $ toolscript serve --config serve.json

Keys also come from TOOLSCRIPT_KEYS. SIGHUP reads the keys file again; SIGTERM ends what is under way, then the server.`;

/** Adds the command to the program. */
export function addServeCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("serve")
    .description(
      "serve the Claude API with programmatic tool calling, over Amazon Bedrock or another upstream",
    )
    .option("--port <number>", "port to listen on, 0 for any free one (default: 8787)", parseWhole)
    .option(
      "--host <address>",
      "address to listen on (default: 127.0.0.1, this machine alone; others want keys)",
    )
    .addOption(
      new Option("--upstream <name>", "service with the models (default: bedrock)").choices(UPSTREAMS),
    )
    .option("--upstream-url <url>", "address of that service, in place of its usual one")
    .option("--region <name>", "AWS region, in place of the one that the environment names")
    .addOption(new Option("--sandbox <name>", "where scripts run (default: wasm)").choices(SANDBOX_NAMES))
    .option("--keys <file>", "file with the keys of clients; see `toolscript keys`")
    .option("--config <file>", "JSON file with settings; options on the command line win")
    .addOption(
      new Option(
        "--unsampled-stream <form>",
        "how responses without a sample are streamed (default: standard)",
      ).choices(UNSAMPLED_STREAMS),
    )
    .option(
      "--max-running-scripts <number>",
      "scripts that run at once, a key half of them (default: 64)",
      parseWhole,
    )
    .option(
      "--interpreters-memory-mb <number>",
      "memory of all interpreters together (default: three quarters of the machine's)",
      parseWhole,
    )
    .option("--shutdown-ms <number>", "milliseconds that a shutdown may take (default: 30000)", parseWhole)
    .option("--log-bodies", "write prompts, code and results into the log")
    .addHelpText("after", EXAMPLES);
  command.action((flags: ServeFlags) => register((signal) => serve(flags, signal), { endsBySignal: true }));
}

function parseWhole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Wanted a whole number.");
}

async function serve({ config: file, ...flags }: ServeFlags, signal: AbortSignal): Promise<number> {
  process.on("SIGHUP", () => {}); // one that comes while the server still starts must not end it
  const config = await loadServeConfig(flags, file);
  const { runServe } = await import("../serve/run-serve.ts");
  return await runServe(config, signal);
}
