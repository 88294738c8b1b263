import { describe, expect, test } from "vitest";
import { createScriptQueue } from "./script-queue.ts";

const never = new AbortController().signal;

describe("createScriptQueue", () => {
  test("enter() lets scripts in one after another, in order, when places are given back", async () => {
    const queue = createScriptQueue({ maxRunning: 1 });
    const order: string[] = [];
    const leaveFirst = await queue.enter("k", never);
    const enter = async (name: string): Promise<() => void> => {
      const leave = await queue.enter("k", never);
      order.push(name);
      return leave;
    };
    const second = enter("second");
    const third = enter("third");
    expect([queue.running, queue.queued]).toEqual([1, 2]);
    leaveFirst();
    leaveFirst(); // a place is given back once, however often it is said
    (await second)();
    (await third)();
    expect(order).toEqual(["second", "third"]);
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });

  test("enter() refuses a script when the line is full or its time is over", async () => {
    const queue = createScriptQueue({ maxRunning: 1, maxQueued: 1, queueMs: 1 });
    const leave = await queue.enter("k", never);
    const waiting = queue.enter("k", never);
    await expect(queue.enter("k", never)).rejects.toMatchObject({ code: "pool-exhausted" });
    await expect(waiting).rejects.toMatchObject({ code: "pool-exhausted" });
    leave();
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });

  test("enter() leaves the line when its signal is aborted", async () => {
    const queue = createScriptQueue({ maxRunning: 1 });
    const leave = await queue.enter("k", never);
    const gone = new AbortController();
    const waiting = queue.enter("k", gone.signal);
    const next = queue.enter("k", never);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    leave();
    (await next)();
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });

  test("enter() gives no owner more than half of the places, unless it may have more", async () => {
    const queue = createScriptQueue({ maxRunning: 4, queueMs: 1 });
    const own = [await queue.enter("a", never), await queue.enter("a", never)];
    await expect(queue.enter("a", never)).rejects.toMatchObject({
      type: "rate_limit_error",
    });
    await queue.enter("b", never);
    await queue.enter("a", never, 3);
    await expect(queue.enter("c", never)).rejects.toMatchObject({ code: "pool-exhausted" });
    for (const leave of own) leave();
    expect(queue.running).toBe(2);
  });

  test("enter() hands a place to the owner that has fewest", async () => {
    const queue = createScriptQueue({ maxRunning: 4 });
    const order: string[] = [];
    const enter = async (name: string): Promise<() => void> => {
      const leave = await queue.enter(name, never, 4);
      order.push(name);
      return leave;
    };
    const running = [await enter("a"), await enter("a"), await enter("a"), await enter("b")];
    const waiting = ["a", "a", "b", "b", "c"].map(enter);
    for (const leave of running) leave();
    await Promise.all([waiting[0], waiting[2], waiting[4]]);
    expect(order.slice(4)).toEqual(["c", "a", "b", "a"]);
  });

  test("enter() keeps half of the line for others", async () => {
    const queue = createScriptQueue({ maxRunning: 2, maxQueued: 4 });
    const leave = await queue.enter("a", never);
    const gone = new AbortController();
    const waiting = [1, 2].map(() => queue.enter("a", gone.signal));
    await expect(queue.enter("a", never)).rejects.toMatchObject({ type: "rate_limit_error" });
    const other = await queue.enter("b", never);
    gone.abort();
    await Promise.allSettled(waiting);
    leave();
    other();
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });
});
