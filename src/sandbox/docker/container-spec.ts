/**
 * The hardened container, as the request that creates it. Pure: the same settings give the same request, so that a
 * filter in front of the daemon can compare a request with it field by field.
 *
 * Every field that could weaken the container is written out, also where the daemon's default is the same today: a
 * daemon may be configured with other defaults (`init`, `ipc`, `cgroupns`, log driver, ulimits).
 * The seccomp and AppArmor profiles are the daemon's own and therefore not named.
 */
import type { CreateRequest } from "./create-request.ts";
import { type ContainerSettings, DEFAULT_LEASE_MS } from "./docker-options.ts";
import type { HostIdentity } from "./host-identity.ts";

const MIB = 1024 * 1024;
/** Files and folders in `/tmp`. */
const TMPFS_INODES = 16_384;
/** Bytes of `/dev/shm`, for semaphores of `multiprocessing`. */
const SHM_BYTES = 16 * MIB;
const OPEN_FILES = 1_024;
/** Queued signals and timers of the session's user. */
const PENDING_SIGNALS = 1_024;
/** The kernel picks a sandbox first when the whole machine runs out of memory. */
const OOM_SCORE_ADJ = 500;

/** Marks the containers of this sandbox. */
export const SANDBOX_LABEL = "toolscript.sandbox";
/** Names of the labels that say who started a container, when, and how long it may live (milliseconds since 1970). */
export const HOST_LABELS = {
  machine: "toolscript.host.machine",
  pid: "toolscript.host.pid",
  startedAt: "toolscript.host.started-at",
  createdAt: "toolscript.created-at",
  leaseUntil: "toolscript.lease-until",
} as const;

/** A create request of which every part is known. */
export type ContainerSpec = CreateRequest;

/** Labels that let a later host, or one of another machine, tell whether the container is still wanted. */
export function containerLabels(
  host: HostIdentity,
  createdAtMs: number,
  leaseMs = DEFAULT_LEASE_MS,
): Record<string, string> {
  return {
    [SANDBOX_LABEL]: "1",
    [HOST_LABELS.machine]: host.machine,
    [HOST_LABELS.pid]: String(host.pid),
    [HOST_LABELS.startedAt]: host.startedAt,
    [HOST_LABELS.createdAt]: String(createdAtMs),
    [HOST_LABELS.leaseUntil]: String(createdAtMs + leaseMs),
  };
}

/** The create request for one session. `bootstrap` is the runner's program text. */
export function containerSpec(
  settings: ContainerSettings,
  bootstrap: string,
  labels: Record<string, string>,
): ContainerSpec {
  const { image, network, user, cpus } = settings;
  const threads = String(Math.max(1, Math.floor(cpus)));
  return {
    Image: image,
    // `Entrypoint` is set so that the image's own cannot run. -I keeps out variables and the working folder.
    Entrypoint: ["python3"],
    Cmd: ["-I", "-X", "utf8", "-c", bootstrap],
    User: user,
    WorkingDir: "/tmp",
    Hostname: "sandbox",
    Domainname: "",
    Env: [
      "LANG=C.UTF-8",
      "HOME=/tmp",
      // The number of the user has no name in any image; `getpass.getuser()` asks here first.
      "LOGNAME=sandbox",
      "USER=sandbox",
      "PYTHONDONTWRITEBYTECODE=1",
      // Numeric libraries start a thread for each processor of the machine, which is more than `PidsLimit` on a big one.
      `OMP_NUM_THREADS=${threads}`,
      `OPENBLAS_NUM_THREADS=${threads}`,
    ],
    AttachStdin: true,
    AttachStdout: false,
    AttachStderr: true,
    OpenStdin: true,
    // The end of the one attached connection is the end of file inside: so a container ends with its host.
    StdinOnce: true,
    Tty: false,
    // Without it the daemon runs a helper process that sets up a network of nothing: 130 ms of a start.
    NetworkDisabled: network === "none",
    Healthcheck: { Test: ["NONE"] },
    StopSignal: "SIGKILL",
    Labels: labels,
    HostConfig: hostConfig(settings),
  };
}

function hostConfig(settings: ContainerSettings): ContainerSpec["HostConfig"] {
  const { memoryMb, cpus, pids, runtime, network } = settings;
  return {
    AutoRemove: true,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    LogConfig: { Type: "none", Config: {} },
    Init: false,
    ...(runtime === undefined ? {} : { Runtime: runtime }),
    ...isolation(network),
    ...mounts(settings),
    Memory: memoryMb * MIB,
    MemorySwap: memoryMb * MIB,
    NanoCpus: Math.round(cpus * 1e9),
    PidsLimit: pids,
    OomKillDisable: false,
    OomScoreAdj: OOM_SCORE_ADJ,
    Ulimits: ulimits(settings),
  };
}

function isolation(network: string) {
  return {
    NetworkMode: network,
    Privileged: false,
    CapAdd: [],
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    Devices: [],
    GroupAdd: [],
    PidMode: "",
    UTSMode: "",
    UsernsMode: "",
    IpcMode: "private",
    CgroupnsMode: "private",
    PublishAllPorts: false,
  };
}

function mounts(settings: ContainerSettings) {
  const options = ["rw", "noexec", "nosuid", "nodev", `size=${settings.tmpfsMb}m`, "mode=1777"];
  return {
    ReadonlyRootfs: true,
    Binds: [],
    VolumesFrom: [],
    Tmpfs: { "/tmp": [...options, `nr_inodes=${TMPFS_INODES}`].join(",") },
    ShmSize: SHM_BYTES,
  };
}

/** No `nproc`: the kernel counts it for a user over all containers; `PidsLimit` counts for one. */
function ulimits(settings: ContainerSettings) {
  const limit = (Name: string, value: number) => ({ Name, Soft: value, Hard: value });
  return [
    limit("core", 0),
    limit("cpu", settings.maxCpuSeconds),
    limit("fsize", settings.tmpfsMb * MIB),
    limit("memlock", 65_536),
    limit("msgqueue", 65_536),
    limit("nofile", OPEN_FILES),
    limit("sigpending", PENDING_SIGNALS),
  ];
}
