/**
 * Runs a probe's script in a container that was loosened in one point, beside the sandbox.
 */
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import {
  type ContainerSpec,
  containerLabels,
  containerSpec,
} from "../../../src/sandbox/docker/container-spec.ts";
import { type DockerOptions, resolveDockerOptions } from "../../../src/sandbox/docker/docker-options.ts";
import { readHostIdentity } from "../../../src/sandbox/docker/host-identity.ts";
import { type DockerClient, type DockerContainer, splitOutput } from "../../docker-client.ts";
import { UnavailableControlError } from "../probe.ts";
import { type LabValues, type ScriptRun, readRun, toProgram } from "../script-run.ts";

/** How the container differs. */
export interface ContainerRunOptions {
  readonly image: string;
  readonly lab: LabValues;
  readonly docker?: DockerOptions;
  /** Takes the control away. */
  readonly loosen: (spec: LooseSpec) => void;
  /** Called while the container runs, once the script has printed its outcome, or after `lookAfterMs`. */
  readonly inspect?: (container: DockerContainer) => Promise<void>;
  /** Ends the container after this time, in milliseconds. @default 50_000 */
  readonly timeoutMs?: number;
}

/** A create request whose every field may be changed. */
export interface LooseSpec extends Partial<Omit<ContainerSpec, "HostConfig">> {
  HostConfig: Record<string, unknown>;
}

const DEFAULT_TIMEOUT_MS = 50_000;

/** The create request of the sandbox for `program`, without the protocol's standard input. */
export function specFor(program: string, image: string, options: DockerOptions = {}): LooseSpec {
  const { container } = resolveDockerOptions({ image, ...options });
  const labels = containerLabels(readHostIdentity(), Date.now());
  const spec: ContainerSpec = containerSpec(container, program, labels);
  return {
    ...spec,
    AttachStdin: false,
    AttachStdout: true,
    OpenStdin: false,
    StdinOnce: false,
    HostConfig: { ...spec.HostConfig },
  };
}

/** Starts the container, waits for its end, and removes what is left. */
export async function runInContainer(
  engine: DockerClient,
  script: string,
  options: ContainerRunOptions,
): Promise<ScriptRun> {
  const nonce = randomBytes(8).toString("hex");
  const spec = specFor(toProgram(script, nonce, options.lab), options.image, options.docker);
  options.loosen(spec);
  const started = performance.now();
  const container = await engine.createContainer(spec, probeName());
  const timer = setTimeout(
    () => void container.kill().catch(() => {}),
    options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  try {
    const output = await attachOutput(container, spec.Tty === true);
    const exited = container.wait("next-exit");
    exited.catch(() => {}); // the start tells what is wrong
    await container.start().catch(refuseMissingRights);
    if (options.inspect !== undefined) {
      await output.firstFacts;
      await options.inspect(container);
    }
    const exitCode = await exited;
    const [stdout, stderr] = await Promise.all([output.stdout, output.stderr]);
    return readRun(nonce, { stdout, stderr, ended: `exit ${exitCode}`, ms: performance.now() - started });
  } finally {
    clearTimeout(timer);
    await container.remove().catch(() => {});
  }
}

/** A daemon can only give away rights that it has: where it lives in a container itself, it may lack some. */
function refuseMissingRights(error: unknown): never {
  const said = error instanceof Error ? error.message : String(error);
  if (!/unable to apply caps|error setting rlimit|not in permitted/.test(said)) throw error;
  throw new UnavailableControlError("its daemon lacks that right itself");
}

/** A new name for a container of the probes. */
export function probeName(): string {
  return `toolscript-probe-${randomBytes(6).toString("hex")}`;
}

async function attachOutput(container: DockerContainer, isTerminal: boolean) {
  const stream = await container.attach();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (isTerminal) stream.pipe(stdout);
  else splitOutput(stream, stdout, stderr);
  stream.once("end", () => {
    stdout.end();
    stderr.end();
  });
  const firstFacts = new Promise<void>((resolve) => {
    stdout.on("data", (chunk: Buffer) => void (chunk.includes("PROBE-FACTS") && resolve()));
    stream.once("end", resolve);
  });
  return { stdout: text(stdout), stderr: text(stderr), firstFacts };
}
