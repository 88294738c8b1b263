/**
 * What the kernel says that a guest uses: memory and processor time, from `/proc`. Where there is none, nothing is known.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { ProcessorUse } from "../sandbox.ts";

/** The kernel's unit of processor time in `/proc` (`USER_HZ`), the same on every machine that Deno runs on. */
const TICK_MS = 10;

/** Fields of `/proc/PID/stat` after the name, which may hold anything and ends with the last `)`. */
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** Resident memory of a process in megabytes, or undefined when that cannot be known (no `/proc`, no process). */
export async function readResidentMb(pid: number): Promise<number | undefined> {
  const status = await readProcess(pid, "status");
  const kilobytes = status === undefined ? undefined : /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** Processor time of all threads of a process, also of those that ended, in milliseconds; undefined as above. */
export async function readProcessorMs(pid: number): Promise<number | undefined> {
  const stat = await readProcess(pid, "stat");
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD]);
  return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
}

/** Processor time of a guest as a session offers it; undefined on a platform that keeps no account where we can read it. */
export function processorUse(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): ProcessorUse | undefined {
  if (platform !== "linux") return undefined;
  return { count: availableParallelism(), usedMs: () => readProcessorMs(pid) };
}

async function readProcess(pid: number, file: "stat" | "status"): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined; // no such process, or no /proc
  }
}
