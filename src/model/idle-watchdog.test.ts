import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { IdleWatchdog, checkTimeoutMs } from "./idle-watchdog.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function* itemsAt(...momentsMs: number[]): AsyncGenerator<number> {
  let now = 0;
  for (const at of momentsMs) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, at - now);
    await promise;
    now = at;
    yield at;
  }
}

async function settle<T>(work: Promise<T>): Promise<T | Error> {
  const settled = work.catch((error: unknown) => error as Error);
  await vi.runAllTimersAsync();
  return settled;
}

describe("IdleWatchdog", () => {
  test("lets a stream run as long as its items come in time", async () => {
    const watchdog = new IdleWatchdog(100, undefined);
    const read = async (): Promise<number[]> => {
      const items: number[] = [];
      for await (const item of watchdog.watch(itemsAt(90, 180, 270))) items.push(item);
      return items;
    };
    expect(await settle(read())).toEqual([90, 180, 270]);
    expect(watchdog.toError("read", undefined)).toBeUndefined();
    watchdog.end();
  });

  test("ends a silence, and names it", async () => {
    const watchdog = new IdleWatchdog(100, undefined);
    const read = async (): Promise<void> => {
      for await (const _item of watchdog.watch(itemsAt(90, 191))) {
        // Only the time counts.
      }
    };
    expect(await settle(read())).toBeInstanceOf(Error);
    expect(watchdog.toError("read", "cause")).toMatchObject({
      code: "model-timeout",
      message: 'Cannot read: nothing was heard for 100 ms; raise "timeoutMs" for slow models',
      cause: "cause",
    });
  });

  test("does not count the reader's own pace", async () => {
    const watchdog = new IdleWatchdog(100, undefined);
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const _item of watchdog.watch(itemsAt(10, 20))) {
        count += 1;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      return count;
    };
    expect(await settle(read())).toBe(2);
    expect(watchdog.signal.aborted).toBe(false);
    watchdog.end();
  });

  test("does not count the wait before a retry", async () => {
    const watchdog = new IdleWatchdog(100, undefined);
    watchdog.touch(1000);
    await vi.advanceTimersByTimeAsync(1099);
    expect(watchdog.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(watchdog.signal.aborted).toBe(true);
  });

  test("leaves no timer and no listener behind, and stops what is still open", () => {
    const controller = new AbortController();
    const open = new IdleWatchdog(100, controller.signal);
    const complete = new IdleWatchdog(100, controller.signal);
    complete.complete();
    open.end();
    complete.end();
    controller.abort();
    expect([open.signal.aborted, complete.signal.aborted, vi.getTimerCount()]).toEqual([true, false, 0]);
  });

  test("passes an abort on, with its reason", () => {
    const controller = new AbortController();
    const watchdog = new IdleWatchdog(100, controller.signal);
    watchdog.throwIfAborted("read");
    controller.abort("why");
    expect(watchdog.signal.aborted).toBe(true);
    expect(() => watchdog.throwIfAborted("read")).toThrow(
      expect.objectContaining({ code: "aborted", cause: "why" }),
    );
    watchdog.end();
  });
});

describe("checkTimeoutMs()", () => {
  test("takes up to an hour", () => {
    expect([1, 3_600_000].map(checkTimeoutMs)).toEqual([1, 3_600_000]);
    for (const wrong of [0, -1, Number.NaN, 3_600_001]) {
      expect(() => checkTimeoutMs(wrong)).toThrow(`Cannot use "timeoutMs" ${wrong}`);
    }
  });
});
