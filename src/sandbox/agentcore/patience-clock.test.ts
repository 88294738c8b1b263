import { describe, expect, test } from "vitest";
import { PatienceClock } from "./patience-clock.ts";

const RUN = {
  type: "run",
  cell: 1,
  code: "",
  limits: { maxOutputBytes: 1, maxCalls: 1, maxCallsInFlight: 1 },
} as const;

function rounds(clock: PatienceClock, count: number): number[] {
  return Array.from({ length: count }, () => {
    const seconds = clock.start();
    clock.noteAnswer(true);
    return seconds;
  });
}

describe("PatienceClock", () => {
  test("waits longer each time, up to the longest", () => {
    expect(rounds(new PatienceClock(20_000), 6)).toEqual([2, 4, 8, 16, 20, 20]);
  });

  test("begins anew when the script has waited", () => {
    const clock = new PatienceClock(20_000);
    rounds(clock, 3);
    clock.noteAnswer(false);
    expect(clock.start()).toBe(2);
  });

  test("is short while calls are in flight", () => {
    const clock = new PatienceClock(20_000);
    clock.noteSent(RUN);
    clock.noteReceived({ type: "call", cell: 1, id: 1, tool: "x", input: {} });
    expect(rounds(clock, 7)).toEqual([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1]);
    clock.noteSent({ type: "result", id: 1, json: "1" });
    expect(clock.start()).toBe(20);
  });

  test("never goes beyond the running time", () => {
    const clock = new PatienceClock(20_000);
    clock.budgetMs = 300;
    clock.noteSent(RUN);
    expect(clock.start()).toBeLessThanOrEqual(0.301);
    clock.budgetMs = 0;
    expect(clock.start()).toBe(0.05);
  });
});
