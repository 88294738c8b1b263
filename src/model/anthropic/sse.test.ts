import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSse, type ServerSentEvent } from "./sse.ts";

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [
    ...cuts.map((at) => at % (bytes.length + 1)).toSorted((left, right) => left - right),
    bytes.length,
  ]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function parse(text: string, cuts: readonly number[] = []): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of parseSse(chunksOf(new TextEncoder().encode(text), cuts))) {
    events.push(event);
  }
  return events;
}

const STREAM = [
  "\uFEFF: a comment",
  "event: first",
  'data: Grüße 😀 {"a":',
  "data:1}",
  "id: 7",
  "unknown: x",
  "",
  "event: without data",
  "",
  "data",
  "",
  "data:  two spaces: and a colon",
  "",
  "",
].join("\n");
const EVENTS = [
  { event: "first", data: 'Grüße 😀 {"a":\n1}' },
  { event: "message", data: "" },
  { event: "message", data: " two spaces: and a colon" },
];

describe("parseSse()", () => {
  test.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("reads events with %s", async (_name, ending) => {
    expect(await parse(STREAM.replaceAll("\n", ending))).toEqual(EVENTS);
  });

  test("reads the same events however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (ending, cuts) => {
          expect(await parse(STREAM.replaceAll("\n", ending), cuts)).toEqual(EVENTS);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("reads byte by byte", async () => {
    const bytes = new TextEncoder().encode(STREAM.replaceAll("\n", "\r\n"));
    expect(await parse(STREAM.replaceAll("\n", "\r\n"), [...bytes.keys()])).toEqual(EVENTS);
  });

  test("does not dispatch an event that the stream ends in", async () => {
    expect(await parse("data: a\n\ndata: b\n")).toEqual([{ event: "message", data: "a" }]);
    expect(await parse("data: a\n\ndata: b")).toEqual([{ event: "message", data: "a" }]);
    expect(await parse("")).toEqual([]);
  });
});
