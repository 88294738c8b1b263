/**
 * `toolscript serve`: the proxy on a port, from its first check to the last container.
 *
 * Guarantees: what the configuration gets wrong ends the start with exit code 2; a signal ends the server as its
 * documentation says, with exit code 0; no key, prompt, code or result is printed.
 */
import { once } from "node:events";
import { DEFAULT_CLOSE_DEADLINE_MS } from "../../proxy/proxy-options.ts";
import { createProxy, type ListeningProxy, type Proxy, type ProxyOptions } from "../../proxy/create-proxy.ts";
import { createScriptQueue } from "../../proxy/access/script-queue.ts";
import type { ScriptGate } from "../../proxy/turn/script-gate.ts";
import { EXIT_CODES } from "../failure.ts";
import { print } from "../output.ts";
import { DEFAULT_SANDBOX } from "../resolve-sandbox.ts";
import { toMaxInterpreters } from "./interpreter-bound.ts";
import { createLog, type WriteLog } from "./log-lines.ts";
import type { ServeConfig } from "./serve-config.ts";
import { openKeys, type ServedKeys } from "./serve-keys.ts";
import { openServeSandbox, type ServeSandbox } from "./serve-sandbox.ts";
import { openUpstream, type Upstream } from "./upstream.ts";

/** Port when none is given. */
const DEFAULT_PORT = 8787;
/** Address when none is given: this machine alone. */
const DEFAULT_HOST = "127.0.0.1";

/** Serves until the signal is aborted. @throws {UsageError | ToolscriptError} when the start fails */
export async function runServe(config: ServeConfig, signal: AbortSignal): Promise<number> {
  const log = createLog(process.stdout);
  const upstream = await openUpstream(config, process.env);
  const keys = await openKeys(config.keys, process.env, log);
  const stopHangUps = onHangUp(() => void keys.reload());
  try {
    const opened = await openServeSandbox(config, log);
    try {
      await serve(config, { upstream, keys, log, ...opened }, signal);
    } finally {
      await opened.sandbox.close();
    }
  } finally {
    stopHangUps();
    keys.close();
  }
  return EXIT_CODES.ok;
}

interface Parts extends ServeSandbox {
  readonly upstream: Upstream;
  readonly keys: ServedKeys;
  readonly log: WriteLog;
}

async function serve(config: ServeConfig, parts: Parts, signal: AbortSignal): Promise<void> {
  const { shutdownMs = DEFAULT_CLOSE_DEADLINE_MS, port = DEFAULT_PORT, host = DEFAULT_HOST } = config;
  await using proxy: Proxy = createProxy(toProxyOptions(config, parts));
  const listening = await proxy.listen({ port, host });
  print(process.stderr, greet(config, parts, listening));
  parts.log({ level: "info", event: "listening", url: listening.url });
  if (!signal.aborted) await once(signal, "abort");
  parts.log({ level: "info", event: "shutting-down", deadlineMs: shutdownMs });
  await proxy.close({ deadlineMs: shutdownMs });
  parts.log({ level: "info", event: "closed" });
}

function toGate({ maxRunningScripts, maxQueuedScripts, scriptQueueMs }: ServeConfig): ScriptGate {
  return createScriptQueue(
    withoutUndefined({ maxRunning: maxRunningScripts, maxQueued: maxQueuedScripts, queueMs: scriptQueueMs }),
  );
}

function toProxyOptions(
  config: ServeConfig,
  { upstream, keys, sandbox, poolStats, log }: Parts,
): ProxyOptions {
  const {
    unsampledStream,
    maxSamples,
    pingMs,
    stallMs,
    maxUnreadBytes,
    maxBodyBytes,
    maxBodiesBytes,
    hopMs,
    graceMs,
    containerIdleMs,
    containerLifetimeMs,
    limits,
    logBodies,
  } = config;
  return {
    model: upstream.model,
    names: upstream.names,
    forward: upstream.forward,
    sandbox,
    poolStats,
    access: keys.access,
    gate: toGate(config),
    unsampledStream: unsampledStream === "prefilled" ? "prefilled" : "events",
    log,
    ...withoutUndefined({
      maxSamples,
      pingMs,
      stallMs,
      maxUnreadBytes,
      maxBodyBytes,
      maxBodiesBytes,
      hopMs,
      graceMs,
      maxInterpreters: toMaxInterpreters(config),
      containerIdleMs,
      containerLifetimeMs,
      logBodies,
    }),
    limits: withoutUndefined(limits ?? {}),
  };
}

/** The object without what is not set, so that defaults hold. */
function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };
}

/** For people, on standard error: standard output is the log's. */
function greet(config: ServeConfig, { upstream, keys }: Parts, { url, host }: ListeningProxy): string {
  const lines = [
    `Toolscript proxy on ${url}`,
    `  models   ${upstream.description}`,
    ...toElsewhere(upstream.names.elsewhere ?? []),
    `  scripts  sandbox "${config.sandbox ?? DEFAULT_SANDBOX}"`,
    `  keys     ${describeKeys(keys)}`,
    ...(config.logBodies === true ? ["  WARNING  the log holds prompts, code and results (log-bodies)"] : []),
    ...(keys.isConfigured && !isLoopback(host)
      ? ["  NOTE     this is plain HTTP: put TLS in front of it"]
      : []),
    "Use it with a client of the Claude API:",
    `  export ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=${keys.isConfigured ? "YOUR_KEY" : "none"}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Requests for these are not served where the region is. */
function toElsewhere(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    `  NOTE     no profile in this geography, served by "global": ${names.join(", ")}`,
    `           (set "outsideGeography" to "never" to refuse them, or name profiles in "models")`,
  ];
}

function describeKeys({ isConfigured, access }: ServedKeys): string {
  if (!isConfigured) return "none configured: ONLY THIS MACHINE MAY CONNECT (see --keys)";
  if (access.size === 0) return "the keys file is empty: NOBODY MAY CONNECT (see `toolscript keys add`)";
  return access.size === 1 ? "1 key" : `${access.size} keys`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function onHangUp(listener: () => void): () => void {
  process.on("SIGHUP", listener);
  return () => process.off("SIGHUP", listener);
}
