import { describe, expect, test } from "vitest";

import { createToolClock } from "./tool-clock.ts";

describe("createToolClock()", () => {
  test("counts overlapping calls once and gaps not at all", () => {
    let nowMs = 0;
    const clock = createToolClock(() => nowMs);
    clock.start("a");
    nowMs = 10;
    clock.start("b");
    nowMs = 30;
    clock.end("a");
    nowMs = 40;
    clock.end("b");
    nowMs = 100;
    clock.start("c");
    nowMs = 105;
    expect(clock.busyMs).toBe(45);
    clock.end("c");
    expect({ busyMs: clock.busyMs, calls: clock.calls, maxInFlight: clock.maxInFlight }).toEqual({
      busyMs: 45,
      calls: 3,
      maxInFlight: 2,
    });
  });

  test("endAll() ends the calls of one script and leaves the others", () => {
    let nowMs = 0;
    const clock = createToolClock(() => nowMs);
    clock.start("cell-1/1");
    clock.start("toolu_1");
    nowMs = 10;
    clock.endAll("cell-1/");
    nowMs = 20;
    clock.end("cell-1/1");
    clock.end("toolu_1");
    expect(clock.busyMs).toBe(20);
  });
});
