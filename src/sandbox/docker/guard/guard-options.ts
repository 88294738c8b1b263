/**
 * The options of the guard, checked and with their defaults filled in.
 */
import * as z from "zod";
import { ToolscriptError } from "../../../errors.ts";
import {
  DEFAULT_CPUS,
  DEFAULT_LEASE_MS,
  DEFAULT_MAX_CPU_SECONDS,
  DEFAULT_MEMORY_MB,
  DEFAULT_PIDS,
  DEFAULT_REAP_EVERY_MS,
  DEFAULT_TMPFS_MB,
  type DockerLimits,
  userIdsSchema,
} from "../docker-options.ts";
import { DEFAULT_USER_IDS, type UserIds } from "../user-ids.ts";
import type { GuardLog } from "./guard-log.ts";

/** The daemon's socket, unless another one is named. */
export const DEFAULT_UPSTREAM = "/var/run/docker.sock";
/** Containers of this sandbox that may exist at once, whoever started them. */
export const DEFAULT_MAX_CONTAINERS = 200;
/** Rights of the guard's socket: its owner and its group, nobody else. */
export const DEFAULT_SOCKET_MODE = 0o660;

/** What one container, and all of them, may take at most. */
export interface GuardMaximums extends DockerLimits {
  /** Containers that exist at once. @default 200 */
  readonly containers?: number;
}

/** Options of {@link startGuard}. */
export interface GuardOptions {
  /** Path of the socket that the guard makes. */
  readonly socketPath: string;
  /** Path of the daemon's socket, also as `unix:///path`. @default "/var/run/docker.sock" */
  readonly upstream?: string;
  /** Images that may be used, in the words of the create request: `python:3.13-slim`, `name@sha256:…`. */
  readonly allowedImages: readonly string[];
  /** @default those of the Docker sandbox: 512 MiB, 1 processor, 64 processes, 64 MiB of `/tmp`, 3600 processor seconds */
  readonly maximums?: GuardMaximums;
  /** Runtimes of which every container must name one, for example "runsc". @default none may be named */
  readonly runtimes?: readonly string[];
  /**
   * Whether a container may run any program, not only the runner of this version. For hosts of several versions; what
   * the runner adds from inside (its second system call filter) then holds no host that was taken over.
   *
   * @default false
   */
  readonly unsafeAnyProgram?: boolean;
  /** Numbers of which every container must have one as its user. @default those of the sandbox */
  readonly userIds?: UserIds;
  /** Milliseconds that a container may live at most; then this guard, and any reaper, removes it. @default 93_600_000 */
  readonly maxLeaseMs?: number;
  /** Milliseconds between two looks for containers to remove. @default 60_000 */
  readonly reapEveryMs?: number;
  /** Rights of the socket. @default 0o660 */
  readonly mode?: number;
  /** Numeric owner of the socket. @default the user of this process */
  readonly uid?: number;
  /** Numeric group of the socket. @default the group of this process */
  readonly gid?: number;
  /** Takes a line for each refusal, container and failure. @default nowhere */
  readonly log?: GuardLog;
}

/** Options with every default filled in. */
export interface GuardSettings {
  readonly socketPath: string;
  readonly upstream: string;
  readonly policy: CreatePolicy;
  readonly maxContainers: number;
  readonly maxLeaseMs: number;
  readonly reapEveryMs: number;
  readonly mode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly log: GuardLog;
}

/** What a create request is held against. */
export interface CreatePolicy {
  readonly allowedImages: ReadonlySet<string>;
  /** Empty: none may be named. */
  readonly runtimes: ReadonlySet<string>;
  readonly userIds: UserIds;
  readonly maximums: Required<DockerLimits>;
  /** Whether a program other than the runner of this version passes. */
  readonly anyProgram: boolean;
}

/** A name that can stand in a request path as it is. */
const IMAGE_NAME = /^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$/;
/** What the kernel takes as the path of a socket, its end included. */
const MAX_SOCKET_PATH_BYTES = 107;
const wholeNumber = z.int().min(1);
const MAX_TIMER_MS = 2 ** 31 - 1;
const id = z
  .int()
  .min(0)
  .max(2 ** 32 - 2);

const optionsSchema = z.strictObject({
  socketPath: z
    .string()
    .min(1)
    .refine(
      (path) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES,
      "the path of a socket has at most 107 bytes",
    ),
  upstream: z.string().min(1).optional(),
  allowedImages: z.array(z.string().regex(IMAGE_NAME, "this is no name of an image")).min(1),
  maximums: z
    .strictObject({
      memoryMb: wholeNumber.optional(),
      cpus: z.number().positive().optional(),
      pids: wholeNumber.optional(),
      tmpfsMb: wholeNumber.optional(),
      maxCpuSeconds: wholeNumber.optional(),
      containers: wholeNumber.optional(),
    })
    .optional(),
  runtimes: z.array(z.string().min(1)).optional(),
  unsafeAnyProgram: z.boolean().optional(),
  userIds: userIdsSchema.optional(),
  maxLeaseMs: wholeNumber.max(MAX_TIMER_MS).optional(),
  reapEveryMs: wholeNumber.max(MAX_TIMER_MS).optional(),
  mode: z.int().min(0).max(0o777).optional(),
  uid: id.optional(),
  gid: id.optional(),
  log: z.custom<GuardLog>((value) => typeof value === "function").optional(),
});

/** Checks options and fills in the defaults. @throws {ToolscriptError} `invalid-argument` naming the option */
export function resolveGuardOptions(options: GuardOptions): GuardSettings {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOptions(z.prettifyError(parsed.error), parsed.error);
  const { socketPath, upstream = DEFAULT_UPSTREAM, mode = DEFAULT_SOCKET_MODE, log = () => {} } = options;
  const { containers = DEFAULT_MAX_CONTAINERS, ...limits } = options.maximums ?? {};
  return {
    socketPath,
    upstream: toSocketPath(upstream),
    policy: {
      allowedImages: new Set(options.allowedImages),
      runtimes: new Set(options.runtimes),
      userIds: options.userIds ?? DEFAULT_USER_IDS,
      maximums: resolveMaximums(limits),
      anyProgram: options.unsafeAnyProgram ?? false,
    },
    maxContainers: containers,
    maxLeaseMs: options.maxLeaseMs ?? DEFAULT_LEASE_MS,
    reapEveryMs: options.reapEveryMs ?? DEFAULT_REAP_EVERY_MS,
    mode,
    uid: options.uid,
    gid: options.gid,
    log,
  };
}

function resolveMaximums(limits: DockerLimits): Required<DockerLimits> {
  const { memoryMb = DEFAULT_MEMORY_MB, cpus = DEFAULT_CPUS, pids = DEFAULT_PIDS } = limits;
  const { tmpfsMb = DEFAULT_TMPFS_MB, maxCpuSeconds = DEFAULT_MAX_CPU_SECONDS } = limits;
  return { memoryMb, cpus, pids, tmpfsMb, maxCpuSeconds };
}

function toSocketPath(upstream: string): string {
  const path = upstream.startsWith("unix://") ? upstream.slice("unix://".length) : upstream;
  if (path.startsWith("/")) return path;
  throw invalidOptions(
    `"upstream" is "${upstream}", wanted the path of a socket such as "/var/run/docker.sock"`,
  );
}

function invalidOptions(reason: string, cause?: unknown): ToolscriptError {
  const text = `Starting the guard failed: ${reason.replaceAll("\n", " ")}`;
  return new ToolscriptError("invalid-argument", text, { cause });
}
