import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countJsonCharacters, JsonInBase64, writeJson } from "./write-json.ts";

const LONG = 'é\u{1f600}"\\\n\ud800x'.repeat(40_000);

describe("writeJson()", () => {
  it("writes what JSON.stringify writes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 6 }), async (value) => {
        expect((await writeJson(value)).toString("utf8")).toBe(JSON.stringify(value));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it.each([
    ["a long string", LONG],
    ["a surrogate pair where a piece ends", "x".repeat(64 * 1024 - 1) + "\u{1f600}".repeat(70_000)],
    ["long strings in lists and objects", { a: [LONG, { b: LONG }, LONG], [LONG]: 1, c: {} }],
    ["a long list", Array.from({ length: 90_000 }, (_, at) => ({ at, name: `n${at}`, none: undefined }))],
    ["members that are left out", { a: undefined, b: [undefined, Number.NaN], c: undefined, d: null }],
    ["nothing but members that are left out", { a: undefined }],
  ])("writes %s", async (_title, value) => {
    const text = JSON.stringify(value);
    expect((await writeJson(value)).equals(Buffer.from(text))).toBe(true);
    expect(await countJsonCharacters(value)).toBe(text.length);
  });

  it.each([
    ["nothing", ""],
    ["a little", "x"],
    ["more", "xy"],
    ["a lot", LONG],
  ])("writes bytes, and JSON in base64: %s", async (_title, content) => {
    const inner = { content, list: [content] };
    const bytes = Buffer.from(JSON.stringify(inner));
    const text = (await writeJson({ a: new JsonInBase64(inner), b: new Uint8Array(bytes), c: 1 })).toString();
    const base64 = bytes.toString("base64");
    expect(text).toBe(JSON.stringify({ a: base64, b: base64, c: 1 }));
  });
});
