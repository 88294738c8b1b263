import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { PoolStats } from "../../sandbox/pool.ts";
import { addPoolMetrics } from "./pool-metrics.ts";

const STATS: PoolStats = {
  warm: 3,
  starting: 2,
  inUse: 7,
  queued: 5,
  oldestWarmMs: 1_500,
  retryInMs: 250,
  opened: 20,
  openedWarm: 12,
  failed: 4,
  refused: 6,
  lost: 8,
  expired: 9,
};

test("addPoolMetrics() tells what the pool tells at that moment, totals as totals", async () => {
  const registry = new Registry();
  let stats = STATS;
  addPoolMetrics(registry, () => stats);
  await registry.metrics();
  stats = { ...STATS, warm: 1, opened: 22, lost: 9 };
  const lines = (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines).toEqual([
    'toolscript_pool_sessions{state="warm"} 1',
    'toolscript_pool_sessions{state="starting"} 2',
    'toolscript_pool_sessions{state="in_use"} 7',
    "toolscript_pool_queued 5",
    "toolscript_pool_oldest_warm_seconds 1.5",
    "toolscript_pool_retry_seconds 0.25",
    'toolscript_pool_opened_total{warm="true"} 12',
    'toolscript_pool_opened_total{warm="false"} 10',
    "toolscript_pool_failed_starts_total 4",
    "toolscript_pool_refused_total 6",
    "toolscript_pool_lost_total 9",
    "toolscript_pool_expired_total 9",
  ]);
});
