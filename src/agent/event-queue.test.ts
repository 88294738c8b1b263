import { describe, expect, test } from "vitest";

import { createEventQueue } from "./event-queue.ts";

describe("createEventQueue()", () => {
  test("gives events written before and during the reading, in order", async () => {
    const queue = createEventQueue<number>();
    queue.write(1);
    const read: number[] = [];
    for await (const event of queue.read()) {
      read.push(event);
      if (event === 1) queue.write(2);
      if (event === 2) setImmediate(() => queue.write(3));
      if (event === 3) queue.end();
    }
    expect(read).toEqual([1, 2, 3]);
  });

  test("throws the error that ended it, after the events", async () => {
    const queue = createEventQueue<number>();
    queue.write(1);
    queue.end(new Error("over"));
    const reader = queue.read();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    await expect(reader.next()).rejects.toThrow("over");
  });
});
