import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MarkedLines } from "./marked-lines.ts";

const MARKER = "\u0002marker\u0003";
const MAX_LINE_BYTES = 200;

/** What a reader finds in reads, one after the other. */
function linesOf(reads: readonly Buffer[]): { lines: string[]; noise: string } {
  const reader = new MarkedLines(MARKER, MAX_LINE_BYTES);
  const lines: string[] = [];
  for (const read of reads) {
    reader.push(read);
    while (reader.next()) lines.push(reader.text());
  }
  return { lines, noise: reader.noise() };
}

/** Cuts bytes at so many places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

const content = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("é", "😀", "", "\u0002", `x${MARKER}`, "\u0000", "\ufeff"),
);
const bytesOfLine = fc.oneof(
  content.map((text) => Buffer.from(MARKER + text.replaceAll("\n", " "))),
  content.map((text) => Buffer.from(text.replaceAll("\n", " "))),
  fc.constantFrom("\u0002", MARKER.slice(0, 4), MARKER.slice(0, -1)).map((text) => Buffer.from(text)),
  // No UTF-8: a frame with it is read, with replacements, and lies where it lies.
  fc
    .constantFrom([0xff], [0xe2, 0x82], [0xf0, 0x9f])
    .map((bytes) => Buffer.concat([Buffer.from(MARKER), Buffer.from(bytes)])),
);

describe("MarkedLines", () => {
  test("finds the same lines and the same noise whatever the sizes of the reads", () => {
    const newline = Buffer.from("\n");
    fc.assert(
      fc.property(
        fc.array(bytesOfLine, { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (parts, places) => {
          const bytes = Buffer.concat(parts.flatMap((part) => [part, newline]));
          const start = Buffer.from(MARKER);
          const isFrame = (part: Buffer): boolean => part.subarray(0, start.length).equals(start);
          const [frames, others] = [parts.filter(isFrame), parts.filter((part) => !isFrame(part))];
          expect(linesOf(cut(bytes, places))).toEqual({
            lines: frames.map((part) => part.toString("utf8", start.length)),
            noise: Buffer.concat(others.flatMap((part) => [part, newline])).toString("utf8"),
          });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("refuses a line that is too long, alone in its read and after others", () => {
    const long = `${MARKER}${"x".repeat(MAX_LINE_BYTES + 1)}\n`;
    for (const text of [long, `${MARKER}a\n${long}`, `${MARKER}a\nb\n${long}`]) {
      expect(() => linesOf([Buffer.from(text)])).toThrow(/longer than "200" bytes/);
    }
    expect(linesOf([Buffer.from(`${MARKER}${"x".repeat(MAX_LINE_BYTES)}\n`)]).lines).toHaveLength(1);
  });
});
