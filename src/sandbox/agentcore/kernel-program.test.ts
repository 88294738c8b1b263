import { describe, expect, test } from "vitest";
import { exchangeProgram, installProgram } from "./kernel-program.ts";

const REQUEST = { sequence: 2, seconds: 1.5, frames: "" };

describe("exchangeProgram()", () => {
  test("is ASCII on one line, whatever the frames hold", async () => {
    const frames = `${JSON.stringify({ value: "é\u2028\u0085\v🎉\ud800\\\"'''\n" })}\n`;
    const program = await exchangeProgram("mark:", { ...REQUEST, frames });
    expect(program).toMatch(/^[\x20-\x7e]+\n$/);
    const literal = /exchange\(2,1\.500,("(?:\\.|[^"\\])*")/.exec(program)?.[1] ?? "";
    expect(JSON.parse(JSON.parse(literal) as string)).toEqual(JSON.parse(frames));
  });

  test("packs frames that are large", async () => {
    const frames = `{"value":"${"x".repeat(1_000_000)}"}\n`;
    const program = await exchangeProgram("mark:", { ...REQUEST, frames });
    expect(program.length).toBeLessThan(10_000);
    expect(program).toContain(",True,0,False)");
  });

  test("says which cell is interrupted, and held", async () => {
    expect(await exchangeProgram("mark:", { ...REQUEST, interruptedCell: 3 })).toContain('"",False,3,False)');
    expect(await exchangeProgram("mark:", { ...REQUEST, held: true })).toContain('"",False,0,True)');
  });
});

describe("installProgram()", () => {
  test("is ASCII, small, and leaves no name behind", async () => {
    const program = await installProgram("mark:", { ...REQUEST, frames: '{"value":"é"}\n' });
    expect(program).toMatch(/^[\x20-\x7e\n]+$/);
    expect(program.length).toBeLessThan(60_000);
    expect(program.endsWith("_toolscript()\ndel _toolscript\n")).toBe(true);
    expect(program).not.toMatch(/PACKED_SOURCES|ARGUMENTS|ONCE|\bMARKER\b/);
  });
});
