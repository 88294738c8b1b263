/**
 * Holds a create request against the hardened container, field by field.
 *
 * The few values that may differ (image, user, limits) are read from the request and checked; from
 * them the whole request is made anew, by the same function that the sandbox uses, and must equal what was asked for.
 * So a field that is missing, different or unknown is refused, whatever the daemon would make of it, and what goes
 * to the daemon is the new object, never the client's. The labels are the guard's: by them it removes what is left.
 */
import { isStdioBootstrap, stdioBootstrap } from "../../runner-source.ts";
import { HOST_LABELS, SANDBOX_LABEL, containerSpec, type ContainerSpec } from "../container-spec.ts";
import type { ContainerSettings, DockerLimits } from "../docker-options.ts";
import { isDrawnUser } from "../user-ids.ts";
import { compareWithTemplate } from "./compare-with-template.ts";
import type { CreatePolicy } from "./guard-options.ts";
import { forbidden } from "./refusal.ts";

/** Makes the labels of a new container. `leaseUntilMs` is NaN when none was asked for. */
export type WriteLabels = (leaseUntilMs: number) => Record<string, string>;

const MIB = 1024 * 1024;
/** One argument of a program cannot be longer: `MAX_ARG_STRLEN` of Linux. */
const MAX_PROGRAM_BYTES = 128 * 1024;
const MAX_LABEL_CHARACTERS = 128;
/** The place of the program text in `Cmd`. */
const PROGRAM_INDEX = 4;
/** Under these nothing starts; see the options of the sandbox. */
const FLOORS: Required<DockerLimits> = { memoryMb: 32, cpus: 0.01, pids: 4, tmpfsMb: 1, maxCpuSeconds: 1 };

/**
 * Returns the request to be sent, with labels that `writeLabels` makes; it is told the lease that was asked for, if any.
 *
 * @throws {Refusal} 403 naming the field and the value that is wanted
 */
export function checkCreate(body: unknown, policy: CreatePolicy, writeLabels: WriteLabels): ContainerSpec {
  const request = asObject(body, "the body");
  const hostConfig = asObject(request["HostConfig"], '"HostConfig"');
  const settings: ContainerSettings = {
    image: readImage(request["Image"], policy),
    runtime: readRuntime(hostConfig["Runtime"], policy),
    ...readLimits(hostConfig, policy.maximums),
    network: "none",
    user: readUser(request["User"], policy),
  };
  const program = readProgram(request["Cmd"]);
  const passedOn = policy.anyProgram ? program : toOwnRunner(program);
  const labels = readLabels(request["Labels"]);
  const difference = compareWithTemplate(request, containerSpec(settings, program, labels));
  if (difference !== undefined) throw forbidden(difference);
  return containerSpec(settings, passedOn, writeLabels(Number(labels[HOST_LABELS.leaseUntil])));
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw forbidden(`${name} is no object`);
}

function readImage(image: unknown, { allowedImages }: CreatePolicy): string {
  if (typeof image === "string" && allowedImages.has(image)) return image;
  throw forbidden(`the image ${show(image)} is not on the list of allowed images`);
}

function readUser(user: unknown, { userIds }: CreatePolicy): string {
  if (isDrawnUser(user, userIds)) return user;
  const { first, last } = userIds;
  throw forbidden(`"User" is ${show(user)}, wanted a number from "${first}" to "${last}" and its group`);
}

function readRuntime(runtime: unknown, { runtimes }: CreatePolicy): string | undefined {
  if (runtime === undefined && runtimes.size === 0) return undefined;
  if (typeof runtime === "string" && runtimes.has(runtime)) return runtime;
  const wanted = runtimes.size === 0 ? "nothing" : [...runtimes].map(show).join(" or ");
  throw forbidden(`"HostConfig.Runtime" is ${show(runtime)}, wanted ${wanted}`);
}

function readLimits(
  hostConfig: Record<string, unknown>,
  maximums: Required<DockerLimits>,
): Required<DockerLimits> {
  const limit = (name: keyof DockerLimits, field: string, value: number): number => {
    if (value >= FLOORS[name] && value <= maximums[name]) return value;
    throw forbidden(
      `"HostConfig.${field}" stands for "${value}", wanted "${FLOORS[name]}" to "${maximums[name]}"`,
    );
  };
  return {
    memoryMb: limit("memoryMb", "Memory", readNumber(hostConfig["Memory"]) / MIB),
    cpus: limit("cpus", "NanoCpus", readNumber(hostConfig["NanoCpus"]) / 1e9),
    pids: limit("pids", "PidsLimit", readNumber(hostConfig["PidsLimit"])),
    tmpfsMb: limit("tmpfsMb", "Tmpfs", readTmpfsMb(hostConfig["Tmpfs"])),
    maxCpuSeconds: limit("maxCpuSeconds", "Ulimits", readCpuSeconds(hostConfig["Ulimits"])),
  };
}

/** NaN, which is in no range, for anything but a whole number. */
function readNumber(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : Number.NaN;
}

function readTmpfsMb(tmpfs: unknown): number {
  const options = (tmpfs as Record<string, unknown> | null | undefined)?.["/tmp"];
  const [, size] = typeof options === "string" ? (/,size=([1-9]\d{0,8})m,/.exec(options) ?? []) : [];
  return Number(size);
}

function readCpuSeconds(ulimits: unknown): number {
  const entries: unknown[] = Array.isArray(ulimits) ? ulimits : [];
  const cpu = entries.find((entry) => (entry as { Name?: unknown } | null)?.Name === "cpu");
  return readNumber((cpu as { Hard?: unknown } | undefined)?.Hard);
}

function readProgram(command: unknown): string {
  const program: unknown = Array.isArray(command) ? command[PROGRAM_INDEX] : undefined;
  if (typeof program === "string" && Buffer.byteLength(program) < MAX_PROGRAM_BYTES) return program;
  throw forbidden(`"Cmd" has no program text of less than "${MAX_PROGRAM_BYTES}" bytes`);
}

/**
 * The runner confines scripts from inside, too, so nothing else may be started. The guard's own text of it is passed on: the
 * client's may be packed in another way.
 */
function toOwnRunner(program: string): string {
  if (isStdioBootstrap(program)) return stdioBootstrap();
  throw forbidden(
    'the program in "Cmd" is not the runner of this version; use the same version for host and guard',
  );
}

/** The labels of the sandbox, each with a short value. They are not sent on. */
function readLabels(labels: unknown): Record<string, string> {
  const given = asObject(labels, '"Labels"');
  const values = Object.values(HOST_LABELS).map((name) => {
    const value = given[name];
    if (typeof value === "string" && value.length <= MAX_LABEL_CHARACTERS) return [name, value];
    throw forbidden(`the label "${name}" is ${show(value)}, wanted a short text`);
  });
  return { [SANDBOX_LABEL]: "1", ...(Object.fromEntries(values) as Record<string, string>) };
}

function show(value: unknown): string {
  return value === undefined ? "missing" : (JSON.stringify(value) ?? "").slice(0, 200);
}
