/**
 * `toolscript guard`: a filter in front of the Docker daemon's socket, until the operator stops it.
 */
import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import type { GuardLogEntry } from "../../sandbox/docker/guard/guard-log.ts";
import type { GuardMaximums } from "../../sandbox/docker/guard/guard-options.ts";
import type { UserIds } from "../../sandbox/docker/user-ids.ts";
import { EXIT_CODES } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { resolveGroup, resolveUser } from "../system-names.ts";

interface GuardCommandOptions {
  readonly listen: string;
  readonly image: readonly string[];
  readonly upstream?: string;
  readonly runtime: readonly string[];
  readonly unsafeAnyProgram?: boolean;
  readonly userIds?: UserIds;
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  readonly maxMemoryMb?: number;
  readonly maxCpus?: number;
  readonly maxPids?: number;
  readonly maxTmpfsMb?: number;
  readonly maxCpuSeconds?: number;
  readonly maxContainers?: number;
}

const EXAMPLES = `
Examples:
  $ toolscript guard --listen /run/toolscript/docker.sock --image python:3.13-slim --group toolscript
  $ DOCKER_HOST=unix:///run/toolscript/docker.sock toolscript exec report.py --sandbox docker

Refusals, containers and failures are written to standard error, one JSON object a line.`;

/** Adds the command to the program. */
export function addGuardCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("guard")
    .description("filter the Docker daemon's socket: only what the sandbox needs passes")
    .requiredOption("--listen <path>", "socket to make")
    .requiredOption(
      "--image <name>",
      "image that may be used, as it is named in requests; repeatable",
      collect,
      [],
    )
    .option("--upstream <path>", "the daemon's own socket (default: /var/run/docker.sock)")
    .option(
      "--runtime <name>",
      "runtime that every container must name, for example runsc; repeatable",
      collect,
      [],
    )
    .option(
      "--unsafe-any-program",
      "let containers run any program, not only this version's runner: for hosts of several versions",
    )
    .option(
      "--user-ids <first-last>",
      "numbers of which every container must have one as its user (default: those of the sandbox)",
      parseUserIds,
    )
    .option("--mode <octal>", "rights of the socket (default: 660)", parseMode)
    .option("--owner <user>", "owner of the socket, by name or number")
    .option("--group <group>", "group of the socket, by name or number");
  addMaximums(command).addHelpText("after", EXAMPLES);
  command.action((options: GuardCommandOptions) => register((signal) => guard(options, signal)));
}

/** The defaults are those of the sandbox; the library knows them. */
function addMaximums(command: Command): Command {
  return command
    .option("--max-memory-mb <number>", "memory of one container (default: 512)", parseNumber)
    .option("--max-cpus <number>", "processors of one container (default: 1)", parseNumber)
    .option("--max-pids <number>", "processes of one container (default: 64)", parseNumber)
    .option("--max-tmpfs-mb <number>", "size of /tmp in one container (default: 64)", parseNumber)
    .option("--max-cpu-seconds <number>", "processor time of one process (default: 3600)", parseNumber)
    .option("--max-containers <number>", "containers at once (default: 200)", parseNumber);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Wanted a number above 0.");
}

function parseUserIds(text: string): UserIds {
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  if (first !== undefined && last !== undefined) return { first: Number(first), last: Number(last) };
  throw new InvalidArgumentError("Wanted two numbers, such as 20000-59999.");
}

function parseMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new InvalidArgumentError("Wanted three octal digits, such as 660.");
}

async function guard(options: GuardCommandOptions, signal: AbortSignal): Promise<number> {
  const { startGuard } = await import("../../sandbox/docker/guard/guard.ts");
  const { listen, upstream, mode, owner, group } = options;
  const running = await startGuard({
    socketPath: listen,
    allowedImages: options.image,
    runtimes: options.runtime,
    maximums: toMaximums(options),
    unsafeAnyProgram: options.unsafeAnyProgram ?? false,
    ...(options.userIds === undefined ? {} : { userIds: options.userIds }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { uid: await resolveUser(owner) }),
    ...(group === undefined ? {} : { gid: await resolveGroup(group) }),
    log: writeEntry,
  });
  try {
    print(process.stdout, describeGuard(options));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await running.close();
  }
  return EXIT_CODES.ok;
}

function toMaximums(options: GuardCommandOptions): GuardMaximums {
  const given = {
    memoryMb: options.maxMemoryMb,
    cpus: options.maxCpus,
    pids: options.maxPids,
    tmpfsMb: options.maxTmpfsMb,
    maxCpuSeconds: options.maxCpuSeconds,
    containers: options.maxContainers,
  };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

function writeEntry(entry: GuardLogEntry): void {
  print(process.stderr, `${JSON.stringify(entry)}\n`);
}

function describeGuard({ listen, image }: GuardCommandOptions): string {
  return `Guarding the Docker daemon at ${listen} (images: ${image.join(", ")})
Use it with:
  export DOCKER_HOST=unix://${listen}
Stop it with Ctrl-C
`;
}
