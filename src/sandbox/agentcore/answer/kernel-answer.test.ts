import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readAnswer } from "./kernel-answer.ts";

const MARKER = "toolscript-test:";

function block(sequence: number, data: string, head: Record<string, unknown> = {}): string {
  const fields = {
    sequence,
    state: "waiting",
    wakeInMs: null,
    encoding: "plain",
    bytes: data.length,
    ...head,
  };
  return `${MARKER}begin ${JSON.stringify(fields)}\n${data}${MARKER}end ${sequence}\n`;
}

function read(stdout: readonly string[], stderr = ""): unknown {
  return readAnswer({ stdout, stderr }, MARKER, 3);
}

const FRAME = `${MARKER}{"type":"done"}\n`;

describe("readAnswer()", () => {
  test("finds the answer between other prints of the kernel", () => {
    const answer = { kind: "answer", state: "waiting", wakeInMs: null, text: FRAME };
    expect(read([`warning: x\n${block(3, FRAME)}Out[1]: 5\n`])).toEqual(answer);
  });

  test("merges an answer that came in pieces, and takes one that came twice", () => {
    const whole = block(3, FRAME);
    expect(read([whole.slice(0, 40), whole.slice(40)])).toMatchObject({ text: FRAME });
    expect(read([whole.slice(0, 40), whole])).toMatchObject({ text: FRAME });
  });

  test("inflates", () => {
    const data = `${deflateSync(FRAME).toString("base64")}\n`;
    expect(read([block(3, data, { encoding: "deflate" })])).toMatchObject({ kind: "answer", text: FRAME });
  });

  test("skips answers to other exchanges and blocks that only look like one", () => {
    expect(read([block(2, "old") + block(3, FRAME)])).toMatchObject({ text: FRAME });
    expect(read([`${MARKER}begin {"sequence":3}\n${block(3, FRAME)}`])).toMatchObject({ text: FRAME });
    expect(read([block(3, FRAME, { state: "launch" })])).toMatchObject({ kind: "cut" });
  });

  test.each([1, 20, 60, 110, 150])("is cut when only the first %i characters arrived", (length) => {
    const text = block(3, FRAME).slice(0, length);
    expect(read([text])).toMatchObject({ kind: length > MARKER.length + 6 ? "cut" : "foreign" });
  });

  test("is cut when the compressed data is damaged", () => {
    expect(read([block(3, "AAAA", { encoding: "deflate" })])).toMatchObject({ kind: "cut" });
  });

  test("tells a new kernel, an old Python and a foreign answer apart", () => {
    expect(read([`${MARKER}new\n`])).toEqual({ kind: "new-kernel", detail: "" });
    expect(read([`${MARKER}old 3.7\n`])).toEqual({ kind: "old-python", detail: "3.7" });
    expect(read(["hello"], "")).toEqual({ kind: "foreign", detail: "hello" });
    expect(read([""], `${"x".repeat(500)}NameError: kernel`)).toMatchObject({
      kind: "foreign",
      detail: expect.stringMatching(/^…x{283}NameError: kernel$/) as string,
    });
  });

  test("passes a fault on, whatever exchange it names", () => {
    expect(read([block(1, "out of order", { state: "fault" })])).toMatchObject({
      state: "fault",
      text: "out of order",
    });
  });
});
