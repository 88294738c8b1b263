/**
 * The sandbox's warm pool, in the text format of Prometheus: how many sessions stand ready, and what became of the rest.
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { PoolStats } from "../../sandbox/pool.ts";
import { addSource } from "./source-gauge.ts";

/** Adds the figures of a pool, which is read when somebody looks. */
export function addPoolMetrics(registry: Registry, read: () => PoolStats): void {
  const registers = [registry];
  const sessions: Gauge<"state"> = new Gauge({
    name: "toolscript_pool_sessions",
    help: "Sessions of the sandbox, by state: warm (ready to be handed out), starting, in_use",
    labelNames: ["state"],
    registers,
    collect() {
      const { warm, starting, inUse } = read();
      sessions.set({ state: "warm" }, warm);
      sessions.set({ state: "starting" }, starting);
      sessions.set({ state: "in_use" }, inUse);
    },
  });
  for (const [name, help, value] of GAUGES) addSource(name, help, () => value(read()), registers);
  const opened: Counter<"warm"> = new Counter({
    name: "toolscript_pool_opened_total",
    help: "Sessions that were handed out, by whether they were warm",
    labelNames: ["warm"],
    registers,
    collect() {
      const stats = read();
      opened.reset();
      opened.inc({ warm: "true" }, stats.openedWarm);
      opened.inc({ warm: "false" }, stats.opened - stats.openedWarm);
    },
  });
  for (const [name, help, value] of TOTALS) {
    const counter: Counter = new Counter({
      name,
      help,
      registers,
      collect() {
        counter.reset();
        counter.inc(value(read()));
      },
    });
  }
}

type Described = readonly [name: string, help: string, value: (stats: PoolStats) => number];

const GAUGES: readonly Described[] = [
  ["toolscript_pool_queued", "Requests that wait for a session", ({ queued }) => queued],
  [
    "toolscript_pool_oldest_warm_seconds",
    "Age of the oldest warm session",
    ({ oldestWarmMs }) => oldestWarmMs / 1000,
  ],
  [
    "toolscript_pool_retry_seconds",
    "Time until the next attempt to start ahead, while starts fail; else 0",
    ({ retryInMs }) => retryInMs / 1000,
  ],
];

const TOTALS: readonly Described[] = [
  ["toolscript_pool_failed_starts_total", "Starts that failed", ({ failed }) => failed],
  [
    "toolscript_pool_refused_total",
    "Requests that got no session: queue full, deadline, failed start",
    ({ refused }) => refused,
  ],
  ["toolscript_pool_lost_total", "Warm sessions that ended by themselves", ({ lost }) => lost],
  ["toolscript_pool_expired_total", "Warm sessions that grew too old", ({ expired }) => expired],
];
