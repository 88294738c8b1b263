import { EventStreamCodec } from "@smithy/eventstream-codec";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TurnShare } from "../../../turn-share.ts";
import { readCodeOutput } from "./code-output.ts";
import { readEventStream } from "./event-stream.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

function encode(headers: Record<string, string>, body: string): Buffer {
  const typed: Record<string, { type: "string"; value: string }> = {};
  for (const [name, value] of Object.entries(headers)) typed[name] = { type: "string", value };
  return Buffer.from(codec.encode({ headers: typed, body: Buffer.from(body) }));
}

const event = (json: string): Buffer => encode({ ":message-type": "event", ":event-type": "result" }, json);

/** The bytes in reads of these sizes, again and again. */
async function* inReads(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, count = 0; at < bytes.length; count += 1) {
    const size = sizes[count % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(bytes: Buffer, sizes: readonly number[] = [64]): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const { headers, payload } of readEventStream(inReads(bytes, sizes), new TurnShare())) {
    messages.push({ headers: Object.fromEntries(headers), body: payload.toString() });
  }
  return messages;
}

const header = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });

describe("readEventStream()", () => {
  test("gives what the SDK's own encoder was given, whatever the sizes of the reads", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ headers: fc.dictionary(header, fc.string()), body: fc.string({ maxLength: 500 }) }),
        ),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        async (messages, sizes) => {
          const bytes = Buffer.concat(messages.map(({ headers, body }) => encode(headers, body)));
          expect(await read(bytes, sizes)).toEqual(messages);
        },
      ),
      { seed: 11 },
    );
  });

  test("leaves headers aside that are no texts", async () => {
    const bytes = codec.encode({
      headers: {
        a: { type: "boolean", value: true },
        b: { type: "integer", value: 1 },
        c: { type: "binary", value: Buffer.from("xyz") },
        d: { type: "timestamp", value: new Date() },
        e: { type: "uuid", value: "00000000-0000-0000-0000-000000000000" },
        f: { type: "string", value: "text" },
      },
      body: Buffer.from("x"),
    });
    expect(await read(Buffer.from(bytes))).toEqual([{ headers: { f: "text" }, body: "x" }]);
  });

  test("is damaged wherever one byte is another one, or the end is missing", async () => {
    const bytes = event('{"a":1}');
    const damaged: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 1;
      damaged.push(broken);
      if (at > 0) damaged.push(bytes.subarray(0, at));
    }
    for (const one of damaged) await expect(read(one)).rejects.toMatchObject({ code: "agentcore-answer" });
  });

  test("gives reading up when whoever takes the messages does", async () => {
    let hasEnded = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield event("{}");
      } finally {
        hasEnded = true;
      }
    }
    for await (const _ of readEventStream(endless(), new TurnShare())) break;
    expect(hasEnded).toBe(true);
  });
});

describe("readCodeOutput()", () => {
  const output = (...messages: Buffer[]): Promise<unknown> =>
    readCodeOutput(inReads(Buffer.concat(messages), [100]));

  test("merges the events, and takes texts where nothing is structured", async () => {
    const structured = { stdout: "a", stderr: "b", exitCode: 0 };
    const text = JSON.stringify({ content: [{ type: "text", text: "a" }], structuredContent: structured });
    expect(
      await output(event(text), event('{"content":[{"type":"text","text":"c"},{"type":"image"}]}')),
    ).toEqual({
      stdout: ["a", "c"],
      stderr: "b",
    });
    expect(await output(event('{"isError":true,"content":[{"type":"text","text":"it broke"}]}'))).toEqual({
      stdout: ["it broke"],
      stderr: "it broke",
    });
  });

  test.each(["null", "1", '"x"', "[]", '{"content":{},"structuredContent":1}', '{"content":[null,1,[]]}'])(
    "takes nothing from %s",
    async (json) => expect(await output(event(json))).toEqual({ stdout: [], stderr: "" }),
  );

  test.each([
    [{ ":exception-type": "throttlingException" }, '{"message":"slow"}', "ThrottlingException", "slow"],
    [{ ":exception-type": "__proto__" }, "no JSON", "__proto__", ""],
    [{ ":exception-type": "a b\u001b[2J" }, '{"message":1}', "UnknownException", ""],
    [{ ":error-code": "InternalError", ":error-message": "down" }, "", "InternalError", "down"],
  ])("throws the exception %o", async (headers, body, name, message) => {
    const kind = ":error-code" in headers ? "error" : "exception";
    await expect(output(encode({ ...headers, ":message-type": kind }, body))).rejects.toMatchObject({
      name,
      message,
    });
  });
});
