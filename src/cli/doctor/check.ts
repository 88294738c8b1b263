/**
 * What a check of `toolscript doctor` finds, and how it asks programs.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** One finding. */
export interface Check {
  readonly name: string;
  /** `warning` is missing too, but something else does its job or only needs it sometimes. */
  readonly status: "ok" | "warning" | "missing";
  /** What is here, or why it cannot be used. Never a secret. */
  readonly detail: string;
  /** The command, or setting, that mends it. */
  readonly fix?: string;
}

/** Longest time that a program may take to say its version. */
const PROBE_TIMEOUT_MS = 10_000;

const execFileAsync = promisify(execFile);

/** Runs a program and returns the first line of what it prints. @throws when it is not there or fails */
export async function readFirstLine(program: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await execFileAsync(program, [...args], { timeout: PROBE_TIMEOUT_MS });
  return (stdout || stderr).trim().split("\n")[0] ?? "";
}
