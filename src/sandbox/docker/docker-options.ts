/**
 * The options of the Docker sandbox, checked and with their defaults filled in.
 *
 * The hardening itself is not an option: see `container-spec.ts`. What can be set here only tightens it, except for the
 * options whose names begin with `unsafe`.
 */
import { availableParallelism } from "node:os";
import * as z from "zod";
import { ToolscriptError } from "../../errors.ts";
import type { PoolOptions } from "../pool.ts";
import { DEFAULT_USER_IDS, MAX_USER_ID, type UserIds, nameUser } from "./user-ids.ts";

/** The image that is used when none is named: Python's own, which needs no build. */
export const DEFAULT_DOCKER_IMAGE = "python:3.13-slim";
/** Memory of one session in MiB, `/tmp` included. There is no swap beside it. */
export const DEFAULT_MEMORY_MB = 512;
/** Processor time of one session, in processors. */
export const DEFAULT_CPUS = 1;
/** Processes and threads of one session. */
export const DEFAULT_PIDS = 64;
/** Size of `/tmp` in MiB, the only place that can be written. It counts against the memory. */
export const DEFAULT_TMPFS_MB = 64;
/** Processor seconds after which the kernel ends a process: the last resort where nothing else is alive to end it. */
export const DEFAULT_MAX_CPU_SECONDS = 3_600;
/** Time for a container to be created, started and greeted, in milliseconds. */
export const DEFAULT_START_TIMEOUT_MS = 60_000;
/**
 * Time a container has to end by itself after its input was closed, in milliseconds; then it is killed. It needs a tenth
 * of a second, or some seconds when many are closed at once on a busy machine: to kill one that is ending makes the daemon
 * stall. Only a script that holds the interpreter needs to be killed, and one that was interrupted before is killed at once.
 */
export const DEFAULT_CLOSE_GRACE_MS = 10_000;
/** Time the daemon has to answer one request, in milliseconds. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/**
 * Time in milliseconds after which any reaper removes a container, whoever its host is: 26 hours. Longer than the longest
 * life of a session (24 hours, in the proxy) after the longest wait in a pool (half an hour).
 */
export const DEFAULT_LEASE_MS = 93_600_000;
/** Milliseconds between two looks of the reaper. */
export const DEFAULT_REAP_EVERY_MS = 60_000;
/** Age in milliseconds at which the reaper removes a container whose host cannot be looked at: 24 hours. */
export const DEFAULT_REAP_AFTER_MS = 86_400_000;

/** Resources of one session. */
export interface DockerLimits {
  /** MiB, `/tmp` included. @default 512 */
  readonly memoryMb?: number;
  /** Processors; a fraction is allowed. @default 1 */
  readonly cpus?: number;
  /** Processes and threads. @default 64 */
  readonly pids?: number;
  /** Size of `/tmp` in MiB. @default 64 */
  readonly tmpfsMb?: number;
  /** Processor seconds of one process. @default 3_600 */
  readonly maxCpuSeconds?: number;
}

/** Options of the Docker sandbox. The limits here may only be lower than their defaults. */
export interface DockerOptions extends DockerLimits {
  /** Any image with Python 3.9 or later. @default the variable TOOLSCRIPT_DOCKER_IMAGE, else "python:3.13-slim" */
  readonly image?: string;
  /** Address of the daemon: `unix:///path`, `tcp://host:port`, `npipe:////./pipe/name`, `ssh://user@host`. @default DOCKER_HOST, else the local socket */
  readonly host?: string;
  /** Runtime of the daemon, for example gVisor's "runsc". @default the daemon's own */
  readonly runtime?: string;
  /** Containers started ahead. @default none: each session starts its own */
  readonly pool?: PoolOptions;
  /** Milliseconds. @default 60_000 */
  readonly startTimeoutMs?: number;
  /** Milliseconds. @default 10_000 */
  readonly closeGraceMs?: number;
  /** Milliseconds for one request to the daemon. @default 30_000 */
  readonly requestTimeoutMs?: number;
  /** Milliseconds after which a container of a host that cannot be looked at is removed at start-up. @default 86_400_000 */
  readonly reapAfterMs?: number;
  /**
   * Milliseconds that a container may live at most, waiting in a pool included: then any reaper, of any machine, removes
   * it. Has to be longer than the lifetime of your sessions. @default 93_600_000
   */
  readonly leaseMs?: number;
  /** Milliseconds between two looks for containers to remove, from the first start on. @default 60_000 */
  readonly reapEveryMs?: number;
  /**
   * Numbers from which each session gets a user of its own. Where the daemon maps users to a namespace (`userns-remap`,
   * rootless) they have to be below 65,536. @default the variable TOOLSCRIPT_DOCKER_USER_IDS, such as "20000-59999", else
   * 2,013,265,920 to 2,147,483,646
   */
  readonly userIds?: UserIds;
  /** Limits above the defaults. Unsafe: one session may then take more of the machine than was planned for it. */
  readonly unsafeLimits?: DockerLimits;
  /** A network instead of none. Unsafe: scripts then reach whatever that network reaches. */
  readonly unsafeNetwork?: string;
  /** One user for all sessions. Unsafe: they share what the kernel counts for a user, and root inside is root outside if anything else fails. */
  readonly unsafeUser?: string;
}

/** What the container is made from: everything is set. */
export interface ContainerSettings {
  readonly image: string;
  readonly runtime: string | undefined;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly pids: number;
  readonly tmpfsMb: number;
  readonly maxCpuSeconds: number;
  readonly network: string;
  /** By number, with its group: `1000:1000`. */
  readonly user: string;
}

/** Options with every default filled in. */
export interface DockerSettings {
  /** Its user is the first of `userIds`; each session draws its own. */
  readonly container: ContainerSettings;
  /** Undefined when one user was named for all. */
  readonly userIds: UserIds | undefined;
  readonly pool: PoolOptions;
  readonly startTimeoutMs: number;
  readonly closeGraceMs: number;
  readonly requestTimeoutMs: number;
  readonly reapAfterMs: number;
  readonly leaseMs: number;
  readonly reapEveryMs: number;
}

const LONGEST_MS = 2 ** 31 - 1;
/** Time in milliseconds for which one may wait for the start of others, when there is no pool. */
const TURN_PATIENCE_MS = 60_000;

/**
 * Nothing is started ahead, and of many that are opened at once a few start at a time: all at once makes each wait for
 * nearly all. Of 64 on two processors the first was there after 1.3 s, and half of them after 4.9 s; eight at a time
 * after 0.4 s and 3.0 s; the last after as long.
 */
function withoutPool(startTimeoutMs: number): PoolOptions {
  // The deadline of the start itself is the one that is to be told.
  const queueTimeoutMs = Math.min(LONGEST_MS, startTimeoutMs + TURN_PATIENCE_MS);
  return { size: 0, maxOpen: 100_000, maxQueue: 100_000, queueTimeoutMs };
}

const milliseconds = z.int().min(1).max(LONGEST_MS);

/** Limits between a floor under which no interpreter starts and `top`. */
function limitsSchema(top: Required<DockerLimits>) {
  return {
    memoryMb: z.int().min(32).max(top.memoryMb).optional(),
    cpus: z.number().min(0.01).max(top.cpus).optional(),
    pids: z.int().min(4).max(top.pids).optional(),
    tmpfsMb: z.int().min(1).max(top.tmpfsMb).optional(),
    maxCpuSeconds: z.int().min(1).max(top.maxCpuSeconds).optional(),
  };
}

const DEFAULT_LIMITS: Required<DockerLimits> = {
  memoryMb: DEFAULT_MEMORY_MB,
  cpus: DEFAULT_CPUS,
  pids: DEFAULT_PIDS,
  tmpfsMb: DEFAULT_TMPFS_MB,
  maxCpuSeconds: DEFAULT_MAX_CPU_SECONDS,
};

const HIGHEST_LIMITS: Required<DockerLimits> = {
  memoryMb: 1024 * 1024,
  cpus: Math.max(1, availableParallelism()),
  pids: 32_768,
  tmpfsMb: 1024 * 1024,
  maxCpuSeconds: 30 * 86_400,
};

const userId = z.int().min(1).max(MAX_USER_ID);
/** Also for the guard, which lets no other users pass. */
export const userIdsSchema = z
  .strictObject({ first: userId, last: userId })
  .refine(({ first, last }) => first <= last, "the first is above the last");

const optionsSchema = z.strictObject({
  image: z.string().min(1).optional(),
  host: z.string().min(1).optional(),
  runtime: z.string().min(1).optional(),
  pool: z.looseObject({}).optional(),
  startTimeoutMs: milliseconds.optional(),
  closeGraceMs: milliseconds.optional(),
  requestTimeoutMs: milliseconds.optional(),
  reapAfterMs: milliseconds.optional(),
  leaseMs: milliseconds.optional(),
  reapEveryMs: milliseconds.optional(),
  userIds: userIdsSchema.optional(),
  ...limitsSchema(DEFAULT_LIMITS),
  unsafeLimits: z.strictObject(limitsSchema(HIGHEST_LIMITS)).optional(),
  unsafeNetwork: z.string().min(1).optional(),
  unsafeUser: z.string().min(1).optional(),
});

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ToolscriptError} `invalid-argument` naming the option; a limit above its default names `unsafeLimits`
 */
export function resolveDockerOptions(
  options: DockerOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): DockerSettings {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOptions(parsed.error);
  const {
    startTimeoutMs = DEFAULT_START_TIMEOUT_MS,
    pool = withoutPool(startTimeoutMs),
    closeGraceMs = DEFAULT_CLOSE_GRACE_MS,
    requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS,
    reapAfterMs = DEFAULT_REAP_AFTER_MS,
    leaseMs = DEFAULT_LEASE_MS,
    reapEveryMs = DEFAULT_REAP_EVERY_MS,
  } = options;
  const userIds = options.userIds ?? readUserIds(environment) ?? DEFAULT_USER_IDS;
  return {
    container: resolveContainer(options, userIds, environment),
    userIds: options.unsafeUser === undefined ? userIds : undefined,
    pool,
    startTimeoutMs,
    closeGraceMs,
    requestTimeoutMs,
    reapAfterMs,
    leaseMs,
    reapEveryMs,
  };
}

function readUserIds(environment: NodeJS.ProcessEnv): UserIds | undefined {
  const text = environment["TOOLSCRIPT_DOCKER_USER_IDS"] ?? "";
  if (text === "") return undefined;
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  const parsed = userIdsSchema.safeParse({ first: Number(first), last: Number(last) });
  if (parsed.success) return parsed.data;
  throw new ToolscriptError(
    "invalid-argument",
    `Reading TOOLSCRIPT_DOCKER_USER_IDS failed: it is "${text.slice(0, 100)}", wanted two numbers from "1" to "${MAX_USER_ID}" such as "20000-59999"`,
  );
}

function resolveContainer(
  options: DockerOptions,
  userIds: UserIds,
  environment: NodeJS.ProcessEnv,
): ContainerSettings {
  const limit = (name: keyof DockerLimits) =>
    options.unsafeLimits?.[name] ?? options[name] ?? DEFAULT_LIMITS[name];
  return {
    image: options.image ?? (environment["TOOLSCRIPT_DOCKER_IMAGE"] || DEFAULT_DOCKER_IMAGE),
    runtime: options.runtime,
    memoryMb: limit("memoryMb"),
    cpus: limit("cpus"),
    pids: limit("pids"),
    tmpfsMb: limit("tmpfsMb"),
    maxCpuSeconds: limit("maxCpuSeconds"),
    network: options.unsafeNetwork ?? "none",
    user: options.unsafeUser ?? nameUser(userIds.first),
  };
}

function invalidOptions(cause: z.ZodError): ToolscriptError {
  const tooHigh = cause.issues.some(
    ({ code, path }) => code === "too_big" && path.length === 1 && String(path[0]) in DEFAULT_LIMITS,
  );
  const hint = tooHigh ? "; limits can only be lowered, to raise one use `unsafeLimits`" : "";
  const reason = z.prettifyError(cause).replaceAll("\n", " ");
  return new ToolscriptError(
    "invalid-argument",
    `Reading the options of the Docker sandbox failed: ${reason}${hint}`,
    { cause },
  );
}
