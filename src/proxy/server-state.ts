/**
 * What all requests of one server share.
 */
import type { Model } from "../model/model.ts";
import { ApiError } from "./errors/api-error.ts";
import { quoted } from "./errors/shown-text.ts";
import { BodyBudget } from "./http/body-budget.ts";
import { Connections } from "./http/connections.ts";
import { createSafeLog, type WriteEntry } from "./safe-log.ts";
import { Containers } from "./containers/containers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Metrics } from "./metrics/metrics.ts";
import type { ResolvedOptions } from "./proxy-options.ts";

/** Models that are kept: names come from clients, and each model holds connections. */
const MAX_KEPT_MODELS = 64;

/** What all requests of one server share. */
export interface ServerState {
  readonly options: ResolvedOptions;
  readonly containers: Containers;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly connections: Connections;
  readonly bodies: BodyBudget;
  /** Writes an entry of the log, without keys and long texts. */
  readonly log: WriteEntry;
  /** The model of a client's name. @throws {ApiError} `not_found_error` */
  model(name: string): Model;
}

/** Creates the state of a server. */
export function createServerState(options: ResolvedOptions, lifecycle: Lifecycle): ServerState {
  const { sandbox, limits, maxInterpreters } = options;
  const { containerIdleMs: idleMs, containerLifetimeMs: lifetimeMs } = options;
  const containers = new Containers({ sandbox, limits, maxInterpreters, idleMs, lifetimeMs });
  const metrics = new Metrics({
    containers: () => containers.size,
    interpreters: () => containers.interpreters,
    pausedContainers: () => containers.pausedCount,
    poolStats: options.poolStats,
  });
  const connections = new Connections(options);
  const log = createSafeLog(options.log, (text) => options.access.isKey?.(text) === true);
  const bodies = new BodyBudget(options.maxBodiesBytes);
  const model = createModelCache(options);
  return { options, containers, metrics, lifecycle, connections, bodies, log, model };
}

function createModelCache({ names, model }: ResolvedOptions): (name: string) => Model {
  const kept = new Map<string, Model>();
  return (name) => {
    const upstream = names.resolve(name);
    if (upstream === undefined) throw new ApiError("not_found_error", `model: ${quoted(name)}`);
    const found = kept.get(upstream) ?? model(upstream);
    kept.delete(upstream);
    kept.set(upstream, found);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT_MODELS && oldest !== undefined) kept.delete(oldest);
    return found;
  };
}
