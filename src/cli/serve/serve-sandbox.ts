/**
 * The sandbox of a server, with the settings that the configuration has for it.
 */
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { PoolEvent, PoolStats } from "../../sandbox/pool.ts";
import { DEFAULT_SANDBOX, resolveSandbox, sayOnStandardError } from "../resolve-sandbox.ts";
import { createPoolLog } from "./log-pool.ts";
import type { WriteLog } from "./log-lines.ts";
import type { ServeConfig } from "./serve-config.ts";

/** A server's sandbox. */
export interface ServeSandbox {
  readonly sandbox: Sandbox;
  /** Undefined where the sandbox has no figures of a pool. */
  readonly poolStats: (() => PoolStats) | undefined;
}

/** Opens it; the caller closes it. @throws {UsageError | ToolscriptError} */
export async function openServeSandbox(config: ServeConfig, log: WriteLog): Promise<ServeSandbox> {
  const name = config.sandbox ?? DEFAULT_SANDBOX;
  const onEvent = createPoolLog(log);
  if (name === "docker") {
    const { dockerWithImage } = await import("../docker-with-image.ts");
    const sandbox = await dockerWithImage(sayOnStandardError, withPool(config.docker ?? {}, onEvent));
    return { sandbox, poolStats: () => sandbox.stats() };
  }
  return { sandbox: await openWithoutStats(name, config, onEvent), poolStats: undefined };
}

async function openWithoutStats(name: string, config: ServeConfig, onEvent: OnEvent): Promise<Sandbox> {
  if (name === "agentcore" && (config.agentcore ?? config.region) !== undefined) {
    const { agentcore } = await import("../../sandbox/agentcore/agentcore.ts");
    return agentcore(withPool({ region: config.region, ...config.agentcore }, onEvent));
  }
  if (name === "wasm" && config.wasm !== undefined) {
    const { wasm } = await import("../../sandbox/wasm/wasm.ts");
    return wasm(given(config.wasm));
  }
  return await resolveSandbox(name);
}

type OnEvent = (event: PoolEvent) => void;

type Given<Settings> = { [Name in keyof Settings]: Exclude<Settings[Name], undefined> };

/** What was given, with the size of the pool where the sandbox wants it. */
function withPool<Settings extends { warm?: number | undefined }>(
  { warm, ...rest }: Settings,
  onEvent: OnEvent,
): Given<Omit<Settings, "warm">> & { pool?: { size: number; onEvent: OnEvent } } {
  return {
    ...given(rest),
    ...(warm === undefined ? {} : { pool: { size: warm, onEvent } }),
  };
}

/** What was given: the sandboxes tell an option that is undefined from one that is not there. */
function given<Settings extends object>(settings: Settings): Given<Settings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Given<Settings>;
}
