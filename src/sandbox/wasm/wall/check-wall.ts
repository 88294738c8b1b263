/**
 * Looks from outside whether the wall around a guest stands: in `/proc`, by the kernel's word and not by the guest's.
 */
import { readdir, readFile } from "node:fs/promises";

/** What the kernel says of a guest. */
export interface WallReport {
  /** Whether all of the wall stands. */
  readonly stands: boolean;
  /** What is missing, in a few words; empty when it stands. */
  readonly missing: string;
}

/** Looks at every thread of the process. To be asked when the guest has said hello, which it does behind its wall. */
export async function checkWall(pid: number): Promise<WallReport> {
  try {
    const [host, limits, ...threads] = await Promise.all([
      readFile("/proc/self/status", "latin1"),
      readFile(`/proc/${pid}/limits`, "latin1"),
      ...(await readdir(`/proc/${pid}/task`)).map((id) =>
        readFile(`/proc/${pid}/task/${id}/status`, "latin1"),
      ),
    ]);
    return report([
      threads.every((thread) => isFiltered(thread, host))
        ? ""
        : "a thread without the filter of system calls",
      threads.every((thread) => field(thread, "NoNewPrivs") === 1) ? "" : "a thread that may gain privileges",
      /^Max data size +\d+ +\d+ /m.test(limits) ? "" : "no limit on its data",
    ]);
  } catch {
    return report(["it cannot be checked, as this host has no /proc to look into"]);
  }
}

function report(findings: readonly string[]): WallReport {
  const missing = findings.filter((finding) => finding !== "").join(", ");
  return { stands: missing === "", missing };
}

/** The host may itself live behind a filter (in a container): the guest must have one more. */
function isFiltered(thread: string, host: string): boolean {
  const [own, ofHost] = [field(thread, "Seccomp_filters"), field(host, "Seccomp_filters")];
  // Kernels before 5.9 do not count filters; the guest has tried its own, too.
  return field(thread, "Seccomp") === FILTER_MODE && (own === undefined || own > (ofHost ?? 0));
}

const FILTER_MODE = 2;

function field(status: string, name: string): number | undefined {
  const value = new RegExp(`^${name}:\\s+(\\d+)$`, "m").exec(status)?.[1];
  return value === undefined ? undefined : Number(value);
}
