import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { createMailbox, openMailboxReader, openMailboxWriter } from "./mailbox.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Reads what is there, in pieces of `size`. */
function readAll(memory: SharedArrayBuffer, size: number): string {
  const reader = openMailboxReader(memory);
  const target = new Uint8Array(size);
  let text = "";
  for (;;) {
    const outcome = reader.read(target, 0);
    if (typeof outcome !== "number" || outcome === 0) return text;
    text += new TextDecoder().decode(target.subarray(0, outcome));
  }
}

/** Runs `code` in another thread, with a `writer` of the mailbox. */
function write(memory: SharedArrayBuffer, code: string): Worker {
  const module = JSON.stringify(new URL("mailbox.ts", import.meta.url).href);
  const program = `
    const { workerData } = require("node:worker_threads");
    import(${module}).then(({ openMailboxWriter }) => {
      const writer = openMailboxWriter(workerData);
      ${code}
    });`;
  return new Worker(program, { eval: true, workerData: memory });
}

describe("a mailbox", () => {
  test("hands bytes over in order, in the reader's pieces", () => {
    const memory = createMailbox(64);
    const writer = openMailboxWriter(memory);
    writer.write(bytes("one"));
    writer.write(bytes("two"));
    expect(readAll(memory, 4)).toBe("onetwo");
  });

  test("goes around its end, and back to its start when it is empty", () => {
    const memory = createMailbox(8);
    const writer = openMailboxWriter(memory);
    const reader = openMailboxReader(memory);
    const target = new Uint8Array(3);
    writer.write(bytes("abcdef"));
    expect(reader.read(target, 0)).toBe(3);
    writer.write(bytes("ghijk"));
    expect(readAll(memory, 100)).toBe("defghijk");
    writer.write(bytes("12345678"));
    expect(readAll(memory, 100)).toBe("12345678");
  });

  test("says 0 when there is nothing in time, then that it has ended", () => {
    const memory = createMailbox(8);
    const reader = openMailboxReader(memory);
    const target = new Uint8Array(8);
    expect(reader.read(target, 0)).toBe(0);
    expect(reader.read(target, 5)).toBe(0);
    const writer = openMailboxWriter(memory);
    writer.write(bytes("x"));
    writer.end();
    expect(reader.hasEnded()).toBe(true);
    expect(reader.read(target, 0)).toBe(1);
    expect(reader.read(target, Infinity)).toBe("ended");
  });

  test("puts an interrupt before the bytes, once", () => {
    const memory = createMailbox(8);
    const writer = openMailboxWriter(memory);
    const reader = openMailboxReader(memory);
    writer.write(bytes("x"));
    writer.interrupt();
    expect(reader.read(new Uint8Array(8), Infinity)).toBe("interrupted");
    expect(reader.sleep(1_000_000)).toBe(true);
    expect(reader.takeInterrupt()).toBe(true);
    expect(reader.takeInterrupt()).toBe(false);
    expect(reader.sleep(1)).toBe(false);
    expect(reader.read(new Uint8Array(8), 0)).toBe(1);
  });

  test("lets a writer in another thread pass far more than it holds", async () => {
    const memory = createMailbox(64);
    const writer = write(
      memory,
      `
      const block = new Uint8Array(1000);
      for (let i = 0; i < 200; i += 1) writer.write(block.fill(i));
      writer.end();`,
    );
    const reader = openMailboxReader(memory);
    const target = new Uint8Array(37);
    const counts = new Map<number, number>();
    for (;;) {
      const outcome = reader.read(target, Infinity);
      if (typeof outcome !== "number") break;
      for (const byte of target.subarray(0, outcome)) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    }
    expect([...counts]).toEqual(Array.from({ length: 200 }, (_, byte) => [byte, 1000]));
    await writer.terminate();
  });

  test.each([
    ["bytes", "writer.write(new Uint8Array(3));", 3],
    ["an interrupt", "writer.interrupt();", "interrupted"],
    ["the end", "writer.end();", "ended"],
  ])("wakes a reader that waits with %s", async (_what, code, outcome) => {
    const memory = createMailbox(64);
    const writer = write(memory, code);
    expect(openMailboxReader(memory).read(new Uint8Array(8), Infinity)).toBe(outcome);
    await writer.terminate();
  });
});
