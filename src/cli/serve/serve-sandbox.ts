/**
 * The sandbox of a server, with the settings that the configuration has for it.
 */
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { DEFAULT_SANDBOX, resolveSandbox } from "../resolve-sandbox.ts";
import type { ServeConfig } from "./serve-config.ts";

/** Opens it; the caller closes it. @throws {UsageError | ToolscriptError} */
export async function openServeSandbox(config: ServeConfig): Promise<Sandbox> {
  const name = config.sandbox ?? DEFAULT_SANDBOX;
  if (name === "docker" && config.docker !== undefined) return await openDocker(config.docker);
  if (name === "wasm" && config.wasm?.memoryMb !== undefined) {
    const { wasm } = await import("../../sandbox/wasm/wasm.ts");
    return wasm({ memoryMb: config.wasm.memoryMb });
  }
  return await resolveSandbox(name);
}

async function openDocker({ warm, ...given }: NonNullable<ServeConfig["docker"]>): Promise<Sandbox> {
  const { docker } = await import("../../sandbox/docker/docker.ts");
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return docker({ ...options, ...(warm === undefined ? {} : { pool: { size: warm } }) });
}
