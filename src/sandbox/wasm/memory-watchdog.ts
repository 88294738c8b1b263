/**
 * Watches the resident memory of a guest from outside. Where the kernel's wall stands, its limit on data comes first, and
 * this is the second line; a host whose loop stands still does not see it. Without the wall it is the only one: V8's caps hold
 * Python's memory and the JavaScript heap, but not buffers that JavaScript keeps elsewhere.
 */
import { readResidentMb } from "./guest-usage.ts";

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
