/**
 * What the build's steps share: running a program of the repository, and a folder that goes away again.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository, without a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/** Options of {@link runProgram}. */
export interface RunProgramOptions {
  /** @default the root of the repository */
  readonly cwd?: string;
  /** Returns standard output instead of showing it. @default false */
  readonly capture?: boolean;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program, those of `node_modules/.bin` first, and waits for it.
 *
 * @throws when it cannot be started or its exit code is not 0
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd = repositoryRoot, capture = false, env = {} }: RunProgramOptions = {},
): Promise<string> {
  const bin = join(repositoryRoot, "node_modules", ".bin");
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`, ...env },
    stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
  });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
  if (exitCode !== 0) {
    throw new Error(
      `"${program} ${args.join(" ")}" ended with "${exitCode ?? signal}" instead of "0"\n${output}`,
    );
  }
  return output;
}

/** Calls `use` with a fresh folder, which is removed afterwards in any case. */
export async function withTemporaryFolder(
  prefix: string,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
