/**
 * What Claude Code is put before: `toolscript serve` with a key and the WebAssembly sandbox, the Bedrock emulator with a
 * scripted model behind it, and a home of its own, with everything off that would go to any other place.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  EMULATOR_CREDENTIALS,
  type RecordedRequest,
  startBedrockEmulator,
} from "../../../src/emulator/emulator.ts";
import { addKey } from "../../../src/proxy/access/edit-key-file.ts";
import { RunningServer } from "../../running-server.ts";
import { createUserFolder } from "../../user-folder.ts";
import { claudeCodeScenario } from "./scenario.ts";

/** How Claude Code reaches the model: over the proxy, or as Bedrock itself. */
export type Way = "proxy" | "bedrock";

/** Milliseconds that one run may take, on a machine that has other things to do. */
export const RUN_TIMEOUT_MS = 60_000;

/** A finished run. */
export interface ClaudeRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The model in requests; no such model is called. */
export const MODELS: Readonly<Record<Way, string>> = {
  proxy: "claude-sonnet-5",
  bedrock: "us.anthropic.claude-sonnet-5",
};

/** Nothing but the model is to be spoken to. */
const QUIET: Readonly<Record<string, string>> = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_ENABLE_TELEMETRY: "0",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_BUG_COMMAND: "1",
  DISABLE_ERROR_REPORTING: "1",
  DISABLE_TELEMETRY: "1",
  // Whatever goes elsewhere all the same ends at once.
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
};

/** The servers and the home. */
export interface ClaudeScene extends AsyncDisposable {
  /** A folder that Claude Code works in. */
  readonly folder: string;
  /** Requests that came to Bedrock. */
  readonly requests: readonly RecordedRequest[];
  /** The proxy's log lines of requests for messages that it refused. */
  readonly refusals: readonly Readonly<Record<string, unknown>>[];
  clearRequests(): void;
  /** What a client of that way finds in its environment. */
  environment(way: Way): Promise<Record<string, string>>;
  /** Runs the program in print mode. */
  run(program: string, way: Way, prompt: string, args?: readonly string[]): Promise<ClaudeRun>;
}

/** Starts everything. */
export async function startClaudeScene(): Promise<ClaudeScene> {
  const emulator = await startBedrockEmulator({ scenario: claudeCodeScenario });
  const home = await createUserFolder({});
  const keysFile = join(home.path, "keys.json");
  const key = await addKey(keysFile, { name: "claude-code" });
  const server = new RunningServer(["--upstream-url", emulator.url, "--keys", keysFile]);
  const environment = async (way: Way): Promise<Record<string, string>> => {
    const url = String((await server.waitFor("listening"))["url"]);
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: home.path,
      ...QUIET,
      ...(way === "proxy" ? { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: key } : toBedrock(emulator.url)),
    };
  };
  return {
    folder: home.path,
    get requests() {
      return emulator.requests;
    },
    get refusals() {
      return server.log.filter(({ path, status }) => path === "/v1/messages" && status !== 200);
    },
    clearRequests: () => emulator.clearRequests(),
    environment,
    run: async (program, way, prompt, args = []) => {
      const allowed = ["--allowedTools", "Bash,Read,Agent,Task"];
      const child = spawn(program, ["-p", prompt, "--model", MODELS[way], ...allowed, ...args], {
        cwd: home.path,
        env: await environment(way),
        stdio: ["ignore", "pipe", "pipe"],
        timeout: RUN_TIMEOUT_MS,
      });
      const [stdout, stderr]: [string[], string[]] = [[], []];
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
      const [exitCode] = (await once(child, "close")) as [number | null];
      return { exitCode, stdout: stdout.join(""), stderr: stderr.join("") };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await emulator.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

function toBedrock(url: string): Record<string, string> {
  const { accessKeyId, secretAccessKey } = EMULATOR_CREDENTIALS;
  return {
    CLAUDE_CODE_USE_BEDROCK: "1",
    ANTHROPIC_BEDROCK_BASE_URL: url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: "us-east-1",
  };
}
