import { describe, expect, test } from "vitest";
import { createRateLimiter, sharedRateLimiter } from "./rate-limiter.ts";

const NEVER = new AbortController().signal;

/** A clock that jumps when somebody sleeps. */
function createClock(): { now: () => number; sleep: (ms: number) => Promise<void>; time: number } {
  const clock = {
    time: 0,
    now: () => clock.time,
    sleep: async (ms: number) => {
      clock.time += ms;
    },
  };
  return clock;
}

describe("createRateLimiter()", () => {
  test("lets half a second's worth through at once and then keeps the rate", async () => {
    const clock = createClock();
    const limiter = createRateLimiter(10, clock.now, clock.sleep);
    const times: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      await limiter.acquire(NEVER);
      times.push(clock.time);
    }
    expect(times).toEqual([0, 0, 0, 0, 0, 100, 200, 300]);
  });

  test("serves callers in the order they came, also when one gives up", async () => {
    const clock = createClock();
    const limiter = createRateLimiter(2, clock.now, clock.sleep);
    const gone = AbortSignal.abort(new Error("gone"));
    const order: string[] = [];
    const note = (name: string, signal: AbortSignal): Promise<unknown> =>
      limiter.acquire(signal).then(
        () => order.push(name),
        () => order.push(`${name} gave up`),
      );
    await Promise.all([note("a", NEVER), note("b", gone), note("c", NEVER), note("d", NEVER)]);
    expect(order).toEqual(["a", "b gave up", "c", "d"]);
    expect(clock.time).toBe(1000);
  });

  test("says how long a caller was held back", async () => {
    const clock = createClock();
    const limiter = createRateLimiter(2, clock.now, clock.sleep);
    expect([await limiter.acquire(NEVER), await limiter.acquire(NEVER)]).toEqual([0, 500]);
  });

  test("holds nobody back when the rate is 0", async () => {
    const limiter = createRateLimiter(0);
    for (let turn = 0; turn < 100; turn += 1) expect(await limiter.acquire(NEVER)).toBe(0);
  });
});

describe("sharedRateLimiter()", () => {
  test("is one for an account and a rate", () => {
    const limiter = sharedRateLimiter("us-east-1", 30);
    expect(sharedRateLimiter("us-east-1", 30)).toBe(limiter);
    expect(sharedRateLimiter("us-west-2", 30)).not.toBe(limiter);
  });
});
