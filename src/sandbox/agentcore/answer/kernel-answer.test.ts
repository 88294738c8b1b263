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

async function read(stdout: readonly string[], stderr = ""): Promise<unknown> {
  const answer = await readAnswer({ stdout, stderr }, MARKER, 3);
  if (answer.kind !== "answer") return answer;
  const { data, foreignCharacters: _, ...rest } = answer;
  return { ...rest, text: data.toString() };
}

const FRAME = `${MARKER}{"type":"done"}\n`;

describe("readAnswer()", () => {
  test("finds the answer between other prints of the kernel", async () => {
    const answer = { kind: "answer", state: "waiting", wakeInMs: null, text: FRAME };
    expect(await read([`warning: x\n${block(3, FRAME)}Out[1]: 5\n`])).toEqual(answer);
  });

  test("merges an answer that came in pieces, and takes one that came twice", async () => {
    const whole = block(3, FRAME);
    expect(await read([whole.slice(0, 40), whole.slice(40)])).toMatchObject({ text: FRAME });
    expect(await read([whole.slice(0, 40), whole])).toMatchObject({ text: FRAME });
  });

  test("inflates", async () => {
    const data = `${deflateSync(FRAME).toString("base64")}\n`;
    expect(await read([block(3, data, { encoding: "deflate" })])).toMatchObject({
      kind: "answer",
      text: FRAME,
    });
  });

  test("skips answers to other exchanges and blocks that only look like one", async () => {
    expect(await read([block(2, "old") + block(3, FRAME)])).toMatchObject({ text: FRAME });
    expect(await read([`${MARKER}begin {"sequence":3}\n${block(3, FRAME)}`])).toMatchObject({ text: FRAME });
    expect(await read([block(3, FRAME, { state: "launch" })])).toMatchObject({ kind: "cut" });
  });

  test.each([1, 20, 60, 110, 150])("is cut when only the first %i characters arrived", async (length) => {
    const text = block(3, FRAME).slice(0, length);
    expect(await read([text])).toMatchObject({ kind: length > MARKER.length + 6 ? "cut" : "foreign" });
  });

  test("is cut when the compressed data is damaged", async () => {
    expect(await read([block(3, "AAAA", { encoding: "deflate" })])).toMatchObject({ kind: "cut" });
  });

  test("tells a new kernel, an old Python and a foreign answer apart", async () => {
    expect(await read([`${MARKER}new\n`])).toEqual({ kind: "new-kernel", detail: "" });
    expect(await read([`${MARKER}old 3.7\n`])).toEqual({ kind: "old-python", detail: "3.7" });
    expect(await read(["hello"], "")).toEqual({ kind: "foreign", detail: "hello" });
    expect(await read([""], `${"x".repeat(500)}NameError: kernel`)).toMatchObject({
      kind: "foreign",
      detail: expect.stringMatching(/^…x{283}NameError: kernel$/) as string,
    });
  });

  test("passes a fault on, whatever exchange it names", async () => {
    expect(await read([block(1, "out of order", { state: "fault" })])).toMatchObject({
      state: "fault",
      text: "out of order",
    });
  });
});
