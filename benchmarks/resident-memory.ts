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

/** Megabytes of a process with shared pages divided among those that share them; 0 when it is gone. */
export function proportionalMb(pid: number): number {
  const match = /^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`));
  return Number(match?.[1] ?? 0) / 1024;
}

/** The process that started `pid`. @throws {Error} when it is gone */
export function parentOf(pid: number): number {
  const parent = readStatus(pid, "PPid");
  if (parent === undefined) throw new Error(`process ${pid} is gone`);
  return parent;
}

function readStatus(pid: number, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readIfThere(`/proc/${pid}/status`));
  return match === null ? undefined : Number(match[1]);
}

/** A process may end between the listing and the reading. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
