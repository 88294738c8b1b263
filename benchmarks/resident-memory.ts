/**
 * Resident memory of processes, from `/proc`.
 */
import { readFileSync, readdirSync } from "node:fs";

/** Ids of the processes that `parent` started and that still run. */
export function childProcesses(parent: number = process.pid): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readStatus(pid, "PPid") === parent);
}

/** Resident megabytes of a process; 0 when it is gone. */
export function residentMb(pid: number): number {
  return (readStatus(pid, "VmRSS") ?? 0) / 1024;
}

function readStatus(pid: number, field: string): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const match = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status);
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined; // the process ended between the listing and the reading
  }
}
