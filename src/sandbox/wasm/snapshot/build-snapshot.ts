/**
 * Builds a snapshot: starts a guest without one, lets it import the runner and the common modules, and takes its memory.
 *
 * The guest that builds has the same walls around it as every other: the bytes come over its standard output, and it is the
 * host that writes the file.
 */
import type { Readable } from "node:stream";
import { toErrorMessage, ToolscriptError } from "../../../errors.ts";
import { type Guest, startGuest } from "../guest-process.ts";
import type { Programs } from "../programs.ts";
import { planWall, type WallMode } from "../wall/plan-wall.ts";

/** Time for a build, which takes some seconds on a quiet machine. */
export const DEFAULT_BUILD_TIMEOUT_MS = 120_000;

/** Memory of the building interpreter. A session's memory starts from what was used, not from this. */
const BUILD_MEMORY_MB = 512;

/** More than any snapshot has. */
const MAX_SNAPSHOT_BYTES = BUILD_MEMORY_MB * 1024 * 1024;
const MAX_STDERR_BYTES = 1024 * 1024;

const KEPT_STDERR_CHARACTERS = 2000;

/**
 * Builds a snapshot.
 *
 * @param bootMessage the runner's files, as `guest/main.ts` reads them
 * @throws {ToolscriptError} `sandbox-unavailable` when the guest fails, `sandbox-timeout`
 */
export async function buildSnapshot(
  programs: Programs,
  bootMessage: Uint8Array,
  wallMode: WallMode,
  timeoutMs: number = DEFAULT_BUILD_TIMEOUT_MS,
): Promise<Buffer> {
  const task = { mode: "build", bootBytes: bootMessage.length } as const;
  const plan = planWall(programs.deno, BUILD_MEMORY_MB, wallMode);
  const wall = "order" in plan ? plan.order : undefined;
  const guest = startGuest({ programs, memoryMb: BUILD_MEMORY_MB, task, wall });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(tooSlow(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([runBuild(guest, bootMessage), timeout.promise]);
  } finally {
    clearTimeout(timer);
    guest.process.kill("SIGKILL");
  }
}

async function runBuild(guest: Guest, bootMessage: Uint8Array): Promise<Buffer> {
  const exit = new Promise<number | null>((resolve, reject) => {
    guest.process.once("error", (cause) => {
      reject(failed(toErrorMessage(cause), cause));
    });
    guest.process.once("close", resolve);
  });
  guest.stdin.on("error", () => {}); // the guest ended early: its exit code tells
  guest.stdin.end(bootMessage);
  const [snapshot, stderr, code] = await Promise.all([
    guest.stdout === undefined ? Buffer.alloc(0) : readAll(guest.stdout, MAX_SNAPSHOT_BYTES),
    readAll(guest.stderr, MAX_STDERR_BYTES),
    exit,
  ]);
  if (code === 0) return snapshot;
  const tail = stderr.toString("utf8").slice(-KEPT_STDERR_CHARACTERS).trim();
  throw failed(`it ended with exit code "${code}" and said "${tail}"`);
}

async function readAll(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw failed(`it wrote more than "${maxBytes}" bytes`);
  }
  return Buffer.concat(chunks);
}

function failed(reason: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError("sandbox-unavailable", `Building the snapshot of Python failed: ${reason}`, {
    cause,
  });
}

function tooSlow(timeoutMs: number): ToolscriptError {
  return new ToolscriptError(
    "sandbox-timeout",
    `Building the snapshot of Python failed: it took longer than "${timeoutMs}" ms`,
  );
}
