/**
 * How the command line fails: which exit code, which words.
 *
 * A message, then a hint, never a stack, unless `TOOLSCRIPT_DEBUG=1` asks for it.
 */
import { isToolscriptError, toErrorMessage, type ToolscriptErrorCode } from "../errors.ts";
import { print } from "./output.ts";

/** Exit codes of every command. */
export const EXIT_CODES = {
  ok: 0,
  /** The job was done and failed, or could not be done. */
  failed: 1,
  /** The command line, or a file that it names, cannot be used. */
  usage: 2,
} as const;

/** The command line, or a file that it names, cannot be used: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;

  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** Whether the user wants to see everything. */
export function isDebug(): boolean {
  return process.env["TOOLSCRIPT_DEBUG"] === "1";
}

const DOCTOR_HINT = 'Run "toolscript doctor" to see what is missing and the command that mends it';
const DEBUG_HINT = "Set TOOLSCRIPT_DEBUG=1 to see where this comes from";
const ACCESS_HINT = "Check the credentials, the region, and that the account may use this model";

const HINTS: Partial<Record<ToolscriptErrorCode, string>> = {
  "sandbox-unavailable": DOCTOR_HINT,
  "sandbox-timeout": DOCTOR_HINT,
  "docker-unreachable": DOCTOR_HINT,
  "docker-permission": "Add the user to the group of the Docker socket, or run as a user that may use it",
  "docker-image-missing": DOCTOR_HINT,
  "agentcore-access": DOCTOR_HINT,
  "model-access": ACCESS_HINT,
  "model-throttled": "Wait and try again, or ask for a higher quota of this model",
  "scenario-mismatch":
    "The scenario has no turn for this request: a scripted model only plays back what its file holds",
};

/** The exit code that stands for what was thrown. */
export function toExitCode(thrown: unknown): number {
  const isUsage =
    thrown instanceof UsageError ||
    isToolscriptError(thrown, "invalid-argument") ||
    isToolscriptError(thrown, "invalid-tool");
  return isUsage ? EXIT_CODES.usage : EXIT_CODES.failed;
}

/** Writes to standard error what was thrown. */
export function printFailure(thrown: unknown): void {
  const lines = [` ${toErrorMessage(thrown)}`];
  const hint = findHint(thrown);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  if (isDebug() && thrown instanceof Error) lines.push(formatStacks(thrown));
  print(process.stderr, { style: "red", text: "error:" }, `${lines.join("\n")}\n`);
}

function findHint(thrown: unknown): string | undefined {
  if (thrown instanceof UsageError) return thrown.hint;
  return isToolscriptError(thrown) ? HINTS[thrown.code] : DEBUG_HINT;
}

function formatStacks(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by: ${formatStacks(error.cause)}` : own;
}
