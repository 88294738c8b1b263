import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ByteCollector } from "./byte-collector.ts";

test("ByteCollector joins pieces of any size, whether their length is known or not", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 10 }),
    fc.integer({ min: 0, max: 200_000 }).map((length) => new Uint8Array(length).fill(length)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, isKnown) => {
      const all = Buffer.concat(pieces);
      const collector = new ByteCollector(isKnown ? all.length : 10_000_000);
      for (const one of pieces) collector.add(one);
      expect(collector.length).toBe(all.length);
      expect(collector.finish().equals(all)).toBe(true);
    }),
    { numRuns: 200, seed: 7 },
  );
});
