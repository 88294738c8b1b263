/**
 * Starts the real command line as a process of its own, as a user would.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** What a finished command left. */
export interface CliOutcome {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runCli}. */
export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

/** Starts a command. Nothing of the caller's own npm run leaks into it. */
export function startCli(args: readonly string[], { cwd, env = {} }: CliOptions = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|INIT_CWD|NODE_OPTIONS|VITEST)/.test(name),
  );
  return spawn(process.execPath, [main, ...args], { cwd, env: { ...Object.fromEntries(inherited), ...env } });
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliOutcome> {
  const child = startCli(args, options);
  child.stdin?.end(options.input ?? "");
  return await collectOutcome(child);
}

/** Reads a started command to its end, or to where somebody closed its output. */
export async function collectOutcome(child: ChildProcess): Promise<CliOutcome> {
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: string[] = [];
    stream?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    return chunks;
  });
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout: stdout?.join("") ?? "", stderr: stderr?.join("") ?? "" };
}
