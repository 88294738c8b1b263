/**
 * The probes of one sandbox, ready to run.
 */
import type { Probe } from "./probe.ts";

/** Probes, and what they stand on. */
export interface ProbeSuite {
  readonly probes: readonly Probe[];
  /** What ran: versions, image. For the heading of the table. */
  readonly setting: string;
  /** What to know beside the table, for the page. */
  readonly notes?: string;
  close(): Promise<void>;
}

/** Sandboxes that can be probed. */
export const PROBED_SANDBOXES = ["docker", "wasm", "agentcore"] as const;

/** One of {@link PROBED_SANDBOXES}. */
export type ProbedSandbox = (typeof PROBED_SANDBOXES)[number];

/** Opens the suite of a sandbox. The caller closes it. */
export async function openSuite(sandbox: ProbedSandbox): Promise<ProbeSuite> {
  if (sandbox === "docker") return await (await import("./docker/docker-probes.ts")).openDockerSuite();
  if (sandbox === "wasm") return await (await import("./wasm/wasm-probes.ts")).openWasmSuite();
  return await (await import("./agentcore-probes.ts")).openAgentCoreSuite();
}
