import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { type Connection, openConnection } from "./connection.ts";
import type { RunnerFrame } from "./frames.ts";

const MARKER = "\u0002test-marker-0001\u0003";

/** A connection and the other end's two streams. */
function connect(maxFrameBytes = 4096): { connection: Connection; input: PassThrough; output: PassThrough } {
  const input = new PassThrough();
  const output = new PassThrough();
  return { connection: openConnection({ input, output, marker: MARKER, maxFrameBytes }), input, output };
}

function line(frame: unknown): string {
  return `${MARKER}${JSON.stringify(frame)}\n`;
}

const HELLO = line({ type: "hello", version: 1, python: "3.13.1" });
const CALL = { type: "call", cell: 1, id: 1, tool: "echo", input: { value: "é" } };

async function read(connection: Connection): Promise<RunnerFrame[]> {
  const frames: RunnerFrame[] = [];
  for await (const batch of connection.frames) frames.push(...batch);
  return frames;
}

describe("openConnection()", () => {
  test("greets with the marker and resolves with the runner's Python version", async () => {
    const { connection, input, output } = connect();
    const greeting = connection.hello();
    output.write(HELLO);
    expect(await greeting).toBe("3.13.1");
    expect(JSON.parse(String(input.read()))).toEqual({
      type: "hello",
      version: 1,
      marker: MARKER,
      maxFrameBytes: 4096,
    });
  });

  test("reads frames whatever the sizes of the reads, also inside a character", async () => {
    const { connection, output } = connect();
    for (const byte of Buffer.from(HELLO + line(CALL))) output.write(Buffer.from([byte]));
    output.write(line({ type: "blocked", cell: 1, wakeInMs: null }));
    setImmediate(() => connection.end());
    expect(await read(connection)).toMatchObject([CALL, { type: "blocked", cell: 1, wakeInMs: null }]);
  });

  test("hands the frames of one read out as one batch", async () => {
    const { connection, output } = connect();
    output.write(HELLO + line(CALL) + line({ ...CALL, id: 2 }));
    const first = await connection.frames[Symbol.asyncIterator]().next();
    expect(first.value).toHaveLength(2);
  });

  test("treats lines without the marker as noise, also when they look like frames", async () => {
    const { connection, output } = connect();
    output.write(`${JSON.stringify(CALL)}\n${HELLO} ${line(CALL)}half a line`);
    await connection.hello();
    connection.end();
    expect(await read(connection)).toEqual([]);
    expect(connection.noise()).toBe(`${JSON.stringify(CALL)}\n ${line(CALL)}half a line`);
  });

  test.each([
    ["is no JSON", `${MARKER}{"type":\n`],
    ["has an unknown type", line({ type: "launch" })],
    ["has a field too many", line({ ...CALL, admin: true })],
    ["has a field too few", line({ type: "call", cell: 1, id: 1, tool: "echo" })],
    ["has a wrong type in a field", line({ ...CALL, id: "1" })],
    ["has an id out of range", line({ ...CALL, id: 0 })],
    ["has an input that is no object", line({ ...CALL, input: [1] })],
    ["greets a second time", HELLO],
  ])("fails with protocol-violation when a marked line %s", async (_title, text) => {
    const { connection, input, output } = connect();
    output.write(HELLO + text);
    await expect(read(connection)).rejects.toMatchObject({ code: "protocol-violation" });
    expect(input.writableEnded).toBe(true);
  });

  test("fails when a frame comes before the greeting", async () => {
    const { connection, output } = connect();
    output.write(line(CALL));
    await expect(connection.hello()).rejects.toMatchObject({ code: "protocol-violation" });
  });

  test("fails with protocol-version when the runner speaks another version", async () => {
    const { connection, output } = connect();
    output.write(line({ type: "hello", version: 2, python: "3.13.1" }));
    await expect(connection.hello()).rejects.toMatchObject({ code: "protocol-version" });
  });

  test("fails with frame-too-large before it holds more than one frame's bytes", async () => {
    const { connection, output } = connect();
    output.write(HELLO + MARKER);
    for (let piece = 0; piece < 5; piece += 1) output.write("x".repeat(1000));
    await expect(read(connection)).rejects.toMatchObject({ code: "frame-too-large" });
  });

  test("fails with sandbox-ended when the output ends, or with the owner's own reason", async () => {
    const plain = connect();
    plain.output.end(HELLO);
    await expect(read(plain.connection)).rejects.toMatchObject({ code: "sandbox-ended" });
    const explained = connect();
    explained.connection.fail(new Error("killed"));
    explained.output.end();
    await expect(read(explained.connection)).rejects.toThrow("killed");
  });

  test("send() does nothing after the end", async () => {
    const { connection, input } = connect();
    connection.end();
    void connection.send([{ type: "exit" }]);
    expect(await read(connection)).toEqual([]);
    expect(input.read()).toBeNull();
  });

  test("holds the other end back while nobody reads", async () => {
    const { connection, output } = connect();
    output.write(HELLO);
    for (let id = 1; id <= 200; id += 1) {
      output.write(line({ ...CALL, id }));
      await new Promise(setImmediate);
    }
    expect(output.isPaused()).toBe(true);
    let frames = 0;
    for await (const batch of connection.frames) {
      frames += batch.length;
      if (frames === 200) connection.end();
    }
    expect(frames).toBe(200);
  });
});
