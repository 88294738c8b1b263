/**
 * What the host orders of a guest's wall: the policy of which `guest/wall.ts` is the mechanism.
 */
import { toErrorMessage, ToolscriptError } from "../../../errors.ts";
import type { WallOrder } from "../guest/wall.ts";
import { callFilter, trialFilter } from "./call-filter.ts";
import { readNativeProgram } from "./native-program.ts";
import { systemCallNumber } from "./system-calls.ts";

/**
 * Whether sessions need the kernel's wall. `required`: none starts without all of it. `if-available`: what the kernel does not
 * give is done without.
 */
export type WallMode = "required" | "if-available";

/**
 * Data beside Python's memory by which a guest may grow once it has closed up, in megabytes: compiled code, buffers, the
 * heap of JavaScript. An idle session has about 45 MB of it.
 */
export const SIDE_MEMORY_MB = 256;

const BYTES_PER_MEGABYTE = 1024 * 1024;

/** `RLIMIT_FSIZE`, `CORE`, `NPROC`, `NOFILE`, `MEMLOCK`: behind the filter, which refuses the calls that they are about. */
const CLOSED_LIMITS = [1, 4, 6, 7, 8];

/** The order, or why none can be given here. */
export type WallPlan = { readonly order: WallOrder } | { readonly impossible: string };

/**
 * Plans the wall of guests that have this much memory for Python.
 *
 * @throws {ToolscriptError} `sandbox-unavailable` when it is required and there can be none here
 */
export function planWall(deno: string, memoryMb: number, mode: WallMode): WallPlan {
  const plan = planIfPossible(deno, memoryMb, mode);
  if (mode === "required" && "impossible" in plan) throw wallMissing(plan.impossible);
  return plan;
}

/** The error of a session that would have to do without the wall. */
export function wallMissing(reason: string): ToolscriptError {
  return new ToolscriptError(
    "sandbox-unavailable",
    `Starting the WASM sandbox failed: the kernel's wall around its process is missing: ${reason}; to do without it, ` +
      `set the option "wall" to "if-available"`,
  );
}

function planIfPossible(deno: string, memoryMb: number, mode: WallMode): WallPlan {
  const { platform } = process;
  if (platform !== "linux") return { impossible: `there is none on the platform "${platform}"` };
  try {
    const { machine, libc } = readNativeProgram(deno);
    const { program, ownPidAt } = callFilter(machine);
    const order: WallOrder = {
      required: mode === "required",
      libc,
      hostPid: process.pid,
      limits: CLOSED_LIMITS.map((resource) => [resource, 0]),
      dataGrowthBytes: (memoryMb + SIDE_MEMORY_MB) * BYTES_PER_MEGABYTE,
      trialFilter: toBase64(trialFilter(machine).program),
      filter: toBase64(program),
      ownPidAt,
      seccompCall: systemCallNumber(machine, "seccomp") ?? 0,
    };
    return { order };
  } catch (error) {
    return { impossible: toErrorMessage(error) };
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
