/** Scripts that fill the memory of the WASM sandbox's process while the host's loop stands still. */
import { readFileSync } from "node:fs";
import { driveSession } from "../../../src/sandbox/wasm/fixtures/drive-session.ts";
import { childrenOf } from "../../../src/sandbox/wasm/fixtures/processes.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import { toErrorCode } from "./wasm-outcome.ts";
import type { CaseContext } from "../child.ts";

/** What a case saw. */
export interface MemoryOutcome {
  /** Most resident memory of the guest, in megabytes. */
  readonly mostMb: number;
  /** What the cell printed last, or the code of the error that ended the session. */
  readonly end: string;
}

/** Time for which the host does nothing, in milliseconds. */
const STANDSTILL_MS = 5_000;

/** Runs the script, lets the loop stand still from its first output on, and looks at the guest meanwhile. */
export async function fillWhileStandingStill(context: CaseContext, script: unknown): Promise<MemoryOutcome> {
  const sandbox = wasm();
  const driven = driveSession(await sandbox.open());
  const pid = childrenOf(process.pid).at(-1) ?? 0;
  await context.measure();
  const cell = await driven.runUntil(String(script), "begins");
  const mostMb = standStill(pid);
  const end = await cell.done.then(({ output }) => output.trim().split("\n").at(-1) ?? "", toErrorCode);
  await sandbox.close();
  return { mostMb, end };
}

function standStill(pid: number): number {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + STANDSTILL_MS;
  let mostMb = 0;
  while (performance.now() < end) {
    mostMb = Math.max(mostMb, readPeakMb(pid));
    Atomics.wait(clock, 0, 0, 20);
  }
  return mostMb;
}

function readPeakMb(pid: number): number {
  try {
    return (
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) / 1024
    );
  } catch {
    return 0; // it has ended
  }
}
