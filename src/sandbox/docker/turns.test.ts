import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { createTurns } from "./turns.ts";

function createWork(count: number) {
  const begun: number[] = [];
  const pieces = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const work = pieces.map(({ promise }, index) => () => {
    begun.push(index);
    return promise;
  });
  return { begun, pieces, work };
}

describe("createTurns()", () => {
  test("runs as many as allowed, the others in order when one has ended, however it ended", async () => {
    const takeTurn = createTurns(2, 60_000);
    const { begun, pieces, work } = createWork(4);
    const all = Promise.allSettled(work.map((piece) => takeTurn(piece)));
    await nextTurn();
    expect(begun).toEqual([0, 1]);
    pieces[1]?.reject(new Error("failed"));
    await nextTurn();
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of pieces) resolve();
    const settled = await all;
    expect(begun).toEqual([0, 1, 2, 3]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  });

  test("runs one that has waited long, whatever is stuck", async () => {
    vi.useFakeTimers();
    try {
      const takeTurn = createTurns(1, 1_000);
      const { begun, work } = createWork(2);
      for (const piece of work) void takeTurn(piece);
      await vi.advanceTimersByTimeAsync(999);
      expect(begun).toEqual([0]);
      await vi.advanceTimersByTimeAsync(1);
      expect(begun).toEqual([0, 1]);
    } finally {
      vi.useRealTimers();
    }
  });
});
