/**
 * What the proxy counts, in the text format of Prometheus. Labels hold no ids, no names of keys and nothing of a body.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { PoolStats } from "../../sandbox/pool.ts";
import { addPoolMetrics } from "./pool-metrics.ts";
import { addSource } from "./source-gauge.ts";

/** Upper bounds in seconds: a hop of a paused script takes milliseconds, a turn takes minutes. */
const DURATION_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];
const WAVE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 1000];

/** How a request was handled. */
export type RequestKind = "pass-through" | "code" | "continuation" | "count-tokens" | "other";

/** Gauges that are read when somebody looks. */
export interface MetricSources {
  readonly containers: () => number;
  readonly interpreters: () => number;
  readonly pausedContainers: () => number;
  /** Undefined where the sandbox has no pool. */
  readonly poolStats: (() => PoolStats) | undefined;
}

const SOURCES = [
  ["toolscript_proxy_containers", "Containers that are open", "containers"],
  ["toolscript_proxy_interpreters", "Containers that have an interpreter", "interpreters"],
  ["toolscript_proxy_containers_paused", "Containers whose script waits for its client", "pausedContainers"],
] as const;

/** The proxy's metrics, in a registry of their own. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter<"kind" | "status">;
  readonly #seconds: Histogram<"kind">;
  readonly #samples: Counter;
  readonly #scripts: Counter<"outcome">;
  readonly #wave: Histogram;
  readonly #open: Gauge;

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    this.#requests = new Counter({
      name: "toolscript_proxy_requests_total",
      help: "Requests that were answered, by kind and HTTP status",
      labelNames: ["kind", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "toolscript_proxy_request_seconds",
      help: "Seconds from a request to the end of its response, by kind",
      labelNames: ["kind"],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    });
    this.#samples = new Counter({
      name: "toolscript_proxy_samples_total",
      help: "Samples of a model in turns with code execution",
      registers,
    });
    this.#scripts = new Counter({
      name: "toolscript_proxy_scripts_total",
      help: "Scripts that ended, by outcome: ok, failed, or the error code",
      labelNames: ["outcome"],
      registers,
    });
    this.#wave = new Histogram({
      name: "toolscript_proxy_wave_calls",
      help: "Calls that were handed to a client at once",
      buckets: WAVE_BUCKETS,
      registers,
    });
    this.#open = new Gauge({
      name: "toolscript_proxy_requests_in_flight",
      help: "Requests that are being answered",
      registers,
    });
    for (const [name, help, source] of SOURCES) addSource(name, help, sources[source], registers);
    if (sources.poolStats !== undefined) addPoolMetrics(this.registry, sources.poolStats);
  }

  /** Counts a request that began; the returned function counts its end. */
  begin(): (kind: RequestKind, status: number) => void {
    const startedAt = performance.now();
    this.#open.inc();
    return (kind, status) => {
      this.#open.dec();
      this.#requests.inc({ kind, status: String(status) });
      this.#seconds.observe({ kind }, (performance.now() - startedAt) / 1000);
    };
  }

  countSample(): void {
    this.#samples.inc();
  }

  countScript(outcome: string): void {
    this.#scripts.inc({ outcome });
  }

  countWave(calls: number): void {
    this.#wave.observe(calls);
  }
}
