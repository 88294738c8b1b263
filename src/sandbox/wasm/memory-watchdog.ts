/**
 * Watches the resident memory of a guest from outside: V8's caps hold Python's memory and the JavaScript heap, but not
 * buffers that JavaScript keeps elsewhere.
 */
import { readFile } from "node:fs/promises";

const CHECK_EVERY_MS = 250;

/** Calls `onExcess` once, when the process is seen to use more than `maxMb`. Where there is no `/proc`, does nothing. */
export function watchMemory(
  pid: number,
  maxMb: number,
  onExcess: (usedMb: number) => void,
): { stop(): void } {
  const timer = setInterval(() => void check(), CHECK_EVERY_MS);
  timer.unref();

  async function check(): Promise<void> {
    const usedMb = await readResidentMb(pid);
    if (usedMb !== undefined && usedMb <= maxMb) return;
    clearInterval(timer);
    if (usedMb !== undefined) onExcess(usedMb);
  }

  return { stop: () => clearInterval(timer) };
}

/** Resident memory of a process in megabytes, or undefined when that cannot be known (no `/proc`, no process). */
export async function readResidentMb(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
