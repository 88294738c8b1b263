/**
 * What of a pool an operator wants to read of: what failed, and why sessions that were ready are gone.
 */
import { isToolscriptError, toErrorMessage } from "../../errors.ts";
import type { PoolEvent } from "../../sandbox/pool.ts";
import type { WriteLog } from "./log-lines.ts";

/** Makes a listener for a pool's events. What goes well is counted (see the metrics), not logged. */
export function createPoolLog(log: WriteLog): (event: PoolEvent) => void {
  return (event) => {
    if (event.type === "start-failed") {
      const retryInMs = Math.max(0, Math.round(event.retryInMs));
      log({ level: "warn", event: "pool-start-failed", ...describe(event.error), retryInMs });
    } else if (event.type === "refused") {
      const waitedMs = Math.round(event.waitedMs);
      log({ level: "warn", event: "pool-refused", ...describe(event.error), waitedMs });
    } else if (event.type === "lost") {
      const level = event.why === "ended" ? "warn" : "info";
      log({ level, event: "pool-lost", session: event.id, why: event.why });
    }
  };
}

function describe(error: unknown): { readonly code: string; readonly reason: string } {
  return { code: isToolscriptError(error) ? error.code : "unknown", reason: toErrorMessage(error) };
}
