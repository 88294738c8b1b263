/**
 * Why a container ended by itself, in a code and a sentence of ours: read from what the daemon still knows of it.
 */
import { ToolscriptError, type ToolscriptErrorCode, isToolscriptError } from "../../errors.ts";
import type { ContainerSettings } from "./docker-options.ts";
import type { ContainerEnd, Engine } from "./engine.ts";

/** The runner's own exit code when the interpreter is older than it can work with. */
const EXIT_PYTHON_TOO_OLD = 64;
/** 128 and SIGKILL. */
const EXIT_KILLED = 137;

/** The container that ended. */
export interface EndedContainer {
  readonly engine: Engine;
  readonly id: string;
  readonly settings: ContainerSettings;
  /** The last lines that the container wrote outside the protocol. */
  readonly noise: string;
}

/** Asks the daemon how the container ended. Never throws: what the daemon answers instead is the explanation. */
export async function explainEndOfContainer(ended: EndedContainer): Promise<ToolscriptError> {
  const { engine, id } = ended;
  try {
    // The stream ends a moment before the daemon has booked the exit, and the daemon removes the container right
    // after. A request that arrives in between is answered with the final state; one that comes later, by what the
    // daemon remembers.
    let state = await engine.inspect(id);
    if (state?.running === true && !state.paused) {
      await engine.waitStopped(id);
      state = await engine.inspect(id);
    }
    if (state?.paused === true) return pausedError(id);
    return describeEnd(ended, state ?? (await engine.howEnded(id).catch(() => undefined)));
  } catch (error) {
    return describeFailure(ended, error);
  }
}

/** The error for a container that does not answer because somebody paused it. */
export function pausedError(id: string): ToolscriptError {
  const shown = id.slice(0, 12);
  return new ToolscriptError(
    "docker-paused",
    `Running the script failed: the container "${shown}" was paused from outside; nothing runs until \`docker unpause ${shown}\`, so the session is given up`,
    { data: { container: id } },
  );
}

function describeEnd(ended: EndedContainer, end: ContainerEnd | undefined): ToolscriptError {
  const { id, settings } = ended;
  const exitCode = end?.exitCode ?? null;
  const make = (code: ToolscriptErrorCode, reason: string) =>
    new ToolscriptError(code, `The session ended: ${reason}`, { data: { container: id, exitCode } });
  if (end === undefined) return make("docker-killed", "its container was removed from outside");
  if (exitCode === EXIT_KILLED && end.outOfMemory) {
    return make(
      "sandbox-out-of-memory",
      `the kernel killed its container for using more than "${settings.memoryMb}" MiB of memory; let the script hold less at once, or raise \`unsafeLimits.memoryMb\``,
    );
  }
  if (exitCode === EXIT_KILLED) {
    return make(
      "docker-killed",
      `its container was killed from outside, outlived its lease, or used more than "${settings.maxCpuSeconds}" seconds of processor time, or its script killed its own interpreter`,
    );
  }
  if (exitCode === EXIT_PYTHON_TOO_OLD) {
    return make(
      "docker-python-missing",
      `the Python of the image "${settings.image}" is too old${lastWords(ended)}; use an image with Python 3.9 or later`,
    );
  }
  return make("sandbox-ended", `its interpreter ended with exit code "${exitCode}"${lastWords(ended)}`);
}

function describeFailure({ id }: EndedContainer, error: unknown): ToolscriptError {
  if (isToolscriptError(error, "docker-unreachable")) {
    return new ToolscriptError(
      "docker-daemon-lost",
      `The session ended: the Docker daemon stopped or was restarted, and its containers with it; run the script again once it is back (${error.message})`,
      { cause: error, data: { container: id } },
    );
  }
  return new ToolscriptError("sandbox-ended", "The session ended, and the Docker daemon could not say why", {
    cause: error,
    data: { container: id },
  });
}

function lastWords({ noise }: EndedContainer): string {
  const last = noise.trim().split("\n").at(-1) ?? "";
  return last === "" ? "" : ` ("${last.slice(0, 300)}")`;
}
