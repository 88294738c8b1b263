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
});
