/**
 * Who started a container: this process, named so that a later process can tell whether it is still alive.
 *
 * A process id alone is not enough: ids are used again, a host may itself run in a container with ids of its own, and
 * several machines may share one daemon. So the name has the machine's boot, the id space, the id and the start time.
 * Guarantee: "dead" is only said of a process that is known to be gone; when in doubt the answer is "unknown".
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process on one machine, between two starts of that machine. */
export interface HostIdentity {
  /** The machine since its last start, and the id space of its processes. */
  readonly machine: string;
  readonly pid: number;
  /** Start time in the kernel's own ticks; empty where the system does not tell. */
  readonly startedAt: string;
}

/** The identity of this process. */
export function readHostIdentity(): HostIdentity {
  return { machine: readMachine(), pid: process.pid, startedAt: readStartTicks(process.pid) ?? "" };
}

/** Whether the process behind `identity` still runs; `unknown` when it is not of the machine of `self`. */
export function checkHost(
  identity: HostIdentity,
  self: HostIdentity = readHostIdentity(),
): "alive" | "dead" | "unknown" {
  if (identity.machine !== self.machine) return "unknown";
  if (!isRunning(identity.pid)) return "dead";
  const startedAt = readStartTicks(identity.pid);
  if (startedAt === undefined || identity.startedAt === "") return "alive";
  return startedAt === identity.startedAt ? "alive" : "dead";
}

function readMachine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `${hostname()} ${process.platform}`; // not Linux: the start time is missing, too
  }
}

/** Field 22 of `/proc/PID/stat`; the command in field 2 may hold spaces and brackets. */
function readStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended, whoever has yet to collect it.
    return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19];
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
