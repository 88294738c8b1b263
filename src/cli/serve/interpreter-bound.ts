/**
 * How many interpreters a server may have at once: as many as fit into the machine's memory if each takes all that its
 * sandbox allows it, unless the configuration says otherwise.
 */
import { totalmem } from "node:os";
import { DEFAULT_SANDBOX } from "../resolve-sandbox.ts";
import type { ServeConfig } from "./serve-config.ts";

/** Share of the machine's memory that interpreters may have. */
const MEMORY_SHARE = 0.75;

/** Megabytes that a session of a sandbox may take by its own default, and beside what can be set. */
const SESSION_MB: Readonly<Record<string, { readonly memory: number; readonly beside: number }>> = {
  wasm: { memory: 512, beside: 448 },
  docker: { memory: 512, beside: 0 },
};

const MEGABYTE = 1024 * 1024;

/** Interpreters at once; undefined where they take nothing of this machine. */
export function toMaxInterpreters(
  config: ServeConfig,
  machineBytes: number = readMachineBytes(),
): number | undefined {
  if (config.maxInterpreters !== undefined) return config.maxInterpreters;
  const name = config.sandbox ?? DEFAULT_SANDBOX;
  const session = SESSION_MB[name];
  if (session === undefined) return undefined;
  const asked = name === "docker" ? config.docker?.memoryMb : config.wasm?.memoryMb;
  const sessionMb = (asked ?? session.memory) + session.beside;
  const allMb = config.interpretersMemoryMb ?? (machineBytes / MEGABYTE) * MEMORY_SHARE;
  return Math.max(1, Math.floor(allMb / sessionMb));
}

/** What this process may use: the machine's memory, or the bound of the container that it runs in. */
function readMachineBytes(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}
