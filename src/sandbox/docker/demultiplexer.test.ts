import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDemultiplexer } from "./demultiplexer.ts";

interface Part {
  readonly stream: number;
  readonly payload: Buffer;
}

function multiplex(parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap(({ stream, payload }) => {
      const header = Buffer.alloc(8);
      header.writeUInt8(stream, 0);
      header.writeUInt32BE(payload.length, 4);
      return [header, payload];
    }),
  );
}

function demultiplex(chunks: readonly Buffer[]): Buffer {
  const received: Buffer[] = [];
  const demultiplexer = createDemultiplexer((payload) => received.push(payload));
  for (const chunk of chunks) demultiplexer.push(chunk);
  return Buffer.concat(received);
}

const partArbitrary = fc.record({
  stream: fc.constantFrom(1, 2),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

describe("createDemultiplexer()", () => {
  test("hands out standard error and nothing else, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(partArbitrary),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (parts, sizes) => {
          const bytes = multiplex(parts);
          const chunks: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          const wanted = parts.filter(({ stream }) => stream === 2).map(({ payload }) => payload);
          expect(demultiplex(chunks)).toEqual(Buffer.concat(wanted));
        },
      ),
    );
  });

  test("copies nothing when a header and its payload come in one read", () => {
    const bytes = multiplex([{ stream: 2, payload: Buffer.from("frame") }]);
    const received: Buffer[] = [];
    createDemultiplexer((payload) => received.push(payload)).push(bytes);
    expect(received[0]?.buffer).toBe(bytes.buffer);
  });

  test("throws `docker-failed` when the stream is not multiplexed", () => {
    expect(() => demultiplex([Buffer.from("Traceback (most recent call last)")])).toThrow(
      expect.objectContaining({ code: "docker-failed" }),
    );
  });
});
