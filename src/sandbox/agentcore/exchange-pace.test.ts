import { describe, expect, test } from "vitest";
import type { KernelAnswer } from "./answer/kernel-answer.ts";
import { ExchangePace, type PastExchange } from "./exchange-pace.ts";

function answer(state: KernelAnswer["state"], wakeInMs: number | null = null): KernelAnswer {
  return { kind: "answer", state, wakeInMs, data: Buffer.alloc(0), foreignCharacters: 0 };
}

const BARE: PastExchange = { ms: 10, seconds: 2, hasDelivered: false, brought: "nothing" };

describe("ExchangePace", () => {
  test("asks a script that computes again at once if it has said something or taken its time", () => {
    const pace = new ExchangePace();
    expect(pace.pauseMs(answer("running"), { ...BARE, brought: "frames" })).toBe(0);
    expect(pace.pauseMs(answer("running"), { ...BARE, ms: 2_001 })).toBe(0);
    expect(pace.pauseMs(answer("running"), BARE)).toBe(1_990);
  });

  test("fetches what there is more of, and leaves a script alone that waits for the host", () => {
    const pace = new ExchangePace();
    expect(pace.pauseMs(answer("more"), BARE)).toBe(0);
    expect(pace.pauseMs(answer("waiting"), BARE)).toBeUndefined();
  });

  test("wakes a script when it is due, and later each time that nothing comes of it", () => {
    const pace = new ExchangePace();
    const wake = (past: PastExchange = BARE): unknown => pace.pauseMs(answer("waiting", 5), past);
    expect([wake({ ...BARE, hasDelivered: true }), wake(), wake(), wake(), wake()]).toEqual([
      5, 5, 50, 100, 200,
    ]);
    expect(wake({ ...BARE, brought: "frames" })).toBe(5);
    expect(Array.from({ length: 12 }, () => wake()).at(-1)).toBe(2_000);
  });

  test("wakes a script that says each time that it waits, but not without a pause", () => {
    const pace = new ExchangePace();
    const pauses = [0, 5, 500].map((ms) =>
      pace.pauseMs(answer("waiting", ms), { ...BARE, brought: "waiting" }),
    );
    expect(pauses).toEqual([20, 20, 500]);
  });

  test("sets no timer that is too long for one", () => {
    expect(new ExchangePace().pauseMs(answer("waiting", 1e300), BARE)).toBe(2 ** 31 - 1);
  });
});
