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
    const host = await readFile("/proc/self/status", "latin1");
    const limits = await readFile(`/proc/${pid}/limits`, "latin1");
    const threads = await readThreads(pid);
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

/** The first thread is the process itself; others may end at any time. */
async function readThreads(pid: number): Promise<string[]> {
  const first = await readFile(`/proc/${pid}/task/${pid}/status`, "latin1");
  const ids = await readdir(`/proc/${pid}/task`);
  const others = ids.filter((id) => id !== String(pid)).map((id) => readThread(pid, id));
  return [first, ...(await Promise.all(others)).filter((status) => status !== undefined)];
}

async function readThread(pid: number, id: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/task/${id}/status`, "latin1");
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** What the kernel says of a thread that has ended. */
const GONE: ReadonlySet<string> = new Set(["ENOENT", "ESRCH"]);

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
