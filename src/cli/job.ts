/**
 * The life of one command: it ends early when the user asks for it, cleans up in every case, and says how it ended.
 *
 * Ctrl-C, a termination signal and a reader that closed our output all abort the job's signal; whoever opened a
 * sandbox closes it then. A second Ctrl-C ends the process at once.
 */
import { constants } from "node:os";
import { EXIT_CODES, printFailure, toExitCode } from "./failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A server takes SIGHUP as the request to read its files again. */
const SERVER_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** What a command does; returns its exit code. */
export type Job = (signal: AbortSignal) => Promise<number>;

/** How a job lives. */
export interface JobOptions {
  /** A server: a signal is its ordinary end, with its own exit code, and SIGHUP is its own to hear. @default false */
  readonly endsBySignal?: boolean;
}

/** Takes the job of the command that was asked for. */
export type RegisterJob = (job: Job, options?: JobOptions) => void;

/** Runs a job and returns the exit code of the process. Never rejects: a failure is written to standard error. */
export async function runJob(job: Job, { endsBySignal = false }: JobOptions = {}): Promise<number> {
  const abort = new AbortController();
  let endedBy: number | undefined;
  const end = (exitCode: number): void => {
    endedBy ??= exitCode;
    abort.abort();
  };
  const signals = endsBySignal ? SERVER_SIGNALS : SIGNALS;
  const stopListening = listen(signals, end, () => endedBy !== undefined);
  try {
    const exitCode = await job(abort.signal);
    return endsBySignal ? exitCode : (endedBy ?? exitCode);
  } catch (error) {
    if (endedBy !== undefined && !endsBySignal) return endedBy;
    printFailure(error);
    return toExitCode(error);
  } finally {
    stopListening();
  }
}

/** Makes a reader that closes our output early (`| head`) no crash. For the whole life of the process. */
export function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

function listen(
  signals: readonly NodeJS.Signals[],
  end: (exitCode: number) => void,
  hasEnded: () => boolean,
): () => void {
  const onSignal = (name: NodeJS.Signals): void => {
    const exitCode = 128 + constants.signals[name];
    if (hasEnded()) process.exit(exitCode);
    end(exitCode);
  };
  // The reader has seen enough: that is how it wants it, so it is no failure.
  const onOutputError = (): void => end(EXIT_CODES.ok);
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on("error", onOutputError);
  return () => {
    for (const name of signals) process.off(name, onSignal);
    process.stdout.off("error", onOutputError);
  };
}
