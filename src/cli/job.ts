/**
 * The life of one command: it ends early when the user asks for it, cleans up in every case, and says how it ended.
 *
 * Ctrl-C, a termination signal and a reader that closed our output all abort the job's signal; whoever opened a
 * sandbox closes it then. A second Ctrl-C ends the process at once.
 */
import { constants } from "node:os";
import { EXIT_CODES, formatFailure, toExitCode } from "./failure.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a command does; returns its exit code. */
export type Job = (signal: AbortSignal) => Promise<number>;

/** Takes the job of the command that was asked for. */
export type RegisterJob = (job: Job) => void;

/** Runs a job and returns the exit code of the process. Never rejects: a failure is written to standard error. */
export async function runJob(job: Job): Promise<number> {
  const abort = new AbortController();
  let endedBy: number | undefined;
  const end = (exitCode: number): void => {
    endedBy ??= exitCode;
    abort.abort();
  };
  const stopListening = listen(end, () => endedBy !== undefined);
  try {
    const exitCode = await job(abort.signal);
    return endedBy ?? exitCode;
  } catch (error) {
    if (endedBy !== undefined) return endedBy;
    process.stderr.write(formatFailure(error));
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

function listen(end: (exitCode: number) => void, hasEnded: () => boolean): () => void {
  const onSignal = (name: NodeJS.Signals): void => {
    const exitCode = 128 + constants.signals[name];
    if (hasEnded()) process.exit(exitCode);
    end(exitCode);
  };
  // The reader has seen enough: that is how it wants it, so it is no failure.
  const onOutputError = (): void => end(EXIT_CODES.ok);
  for (const name of SIGNALS) process.on(name, onSignal);
  process.stdout.on("error", onOutputError);
  return () => {
    for (const name of SIGNALS) process.off(name, onSignal);
    process.stdout.off("error", onOutputError);
  };
}
