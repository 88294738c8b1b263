import { expect, test } from "vitest";
import { ToolscriptError } from "../../errors.ts";
import { createPoolLog } from "./log-pool.ts";

test("createPoolLog() writes what failed and what was lost, with the reason, and nothing else", () => {
  const lines: unknown[] = [];
  const onEvent = createPoolLog((entry) => lines.push(entry));
  const error = new ToolscriptError("docker-unreachable", "No daemon answers");
  onEvent({ type: "started", id: "a", ms: 200 });
  onEvent({ type: "opened", id: "a", warm: true, waitedMs: 1 });
  onEvent({ type: "closed", id: "a" });
  expect(lines).toEqual([]);
  onEvent({ type: "start-failed", error, retryInMs: 250.4 });
  onEvent({ type: "refused", error: new Error("of another kind"), waitedMs: 12.6 });
  onEvent({ type: "lost", id: "b", why: "ended" });
  onEvent({ type: "lost", id: "c", why: "expired" });
  expect(lines).toEqual([
    {
      level: "warn",
      event: "pool-start-failed",
      code: "docker-unreachable",
      reason: "No daemon answers",
      retryInMs: 250,
    },
    { level: "warn", event: "pool-refused", code: "unknown", reason: "of another kind", waitedMs: 13 },
    { level: "warn", event: "pool-lost", session: "b", why: "ended" },
    { level: "info", event: "pool-lost", session: "c", why: "expired" },
  ]);
});
