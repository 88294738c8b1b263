/**
 * The sandbox of a server, with the settings that the configuration has for it.
 */
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { DEFAULT_SANDBOX, resolveSandbox } from "../resolve-sandbox.ts";
import type { ServeConfig } from "./serve-config.ts";

/** Opens it; the caller closes it. @throws {UsageError | ToolscriptError} */
export async function openServeSandbox(config: ServeConfig): Promise<Sandbox> {
  const name = config.sandbox ?? DEFAULT_SANDBOX;
  if (name === "docker" && config.docker !== undefined) {
    const { docker } = await import("../../sandbox/docker/docker.ts");
    return docker(withPool(config.docker));
  }
  if (name === "agentcore" && (config.agentcore ?? config.region) !== undefined) {
    const { agentcore } = await import("../../sandbox/agentcore/agentcore.ts");
    return agentcore(withPool({ region: config.region, ...config.agentcore }));
  }
  if (name === "wasm" && config.wasm?.memoryMb !== undefined) {
    const { wasm } = await import("../../sandbox/wasm/wasm.ts");
    return wasm({ memoryMb: config.wasm.memoryMb });
  }
  return await resolveSandbox(name);
}

type Given<Settings> = { [Name in keyof Settings]: Exclude<Settings[Name], undefined> };

/** What was given, with the size of the pool where the sandbox wants it. */
function withPool<Settings extends { warm?: number | undefined }>({
  warm,
  ...given
}: Settings): Given<Omit<Settings, "warm">> & { pool?: { size: number } } {
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(options) as Given<Omit<Settings, "warm">>),
    ...(warm === undefined ? {} : { pool: { size: warm } }),
  };
}
