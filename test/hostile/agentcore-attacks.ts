/**
 * What a script in a managed session can have the service answer: the kernel's output is the script's, and so is what
 * tells it from the driver's answers. The bytes of the event stream itself are tried as well.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, deflateSync } from "node:zlib";
import { encodeEvent, encodeException } from "../../src/emulator/aws-http/event-stream.ts";

/** One request for code, to be answered. */
export interface Answer {
  readonly response: ServerResponse;
  readonly marker: string;
  /** Number of the exchange; the first one brings the first cell. */
  readonly sequence: number;
  /** Part of a delivery: nothing runs. */
  readonly isHeld: boolean;
  begin(): unknown;
  /** Whether the client still listens. */
  isOpen(): boolean;
}

const MIB = 1024 * 1024;
const HELLO = { type: "hello", version: 1, python: "3.12.0" };
const DONE = { type: "done", cell: 1, returnCode: 0, droppedBytes: 0 };
const BLOCKED = { type: "blocked", cell: 1, wakeInMs: null };

/** What the driver prints. */
interface Said {
  readonly state?: string;
  readonly wakeInMs?: unknown;
  readonly frames?: readonly object[];
  /** In place of frames. */
  readonly text?: string;
  readonly isPacked?: boolean;
}

function block(answer: Answer, said: Said): string {
  const { state = answer.isHeld ? "held" : "waiting", wakeInMs = null, frames = [], isPacked = false } = said;
  const { marker, sequence } = answer;
  const plain = said.text ?? lines(answer, frames);
  const data = isPacked ? `${deflateSync(plain).toString("base64")}\n` : plain;
  const encoding = isPacked ? "deflate" : "plain";
  const head = { sequence, state, wakeInMs: 0, encoding, bytes: data.length };
  const json = JSON.stringify(head).replace('"wakeInMs":0', `"wakeInMs":${String(wakeInMs)}`);
  return `${marker}begin ${json}\n${data}${marker}end ${sequence}\n`;
}

function lines({ marker, sequence }: Answer, frames: readonly object[]): string {
  const all = sequence === 1 ? [HELLO, ...frames] : frames;
  return all.map((frame) => `${marker}${JSON.stringify(frame)}\n`).join("");
}

function result(stdout: string): Uint8Array {
  return encodeEvent("result", JSON.stringify({ structuredContent: { stdout } }));
}

/** Answers as the driver would. */
function say(answer: Answer, said: Said): void {
  answer.begin();
  answer.response.end(result(block(answer, said)));
}

/** Writes without end. */
async function flood(answer: Answer, piece: Uint8Array | string): Promise<void> {
  answer.begin();
  while (answer.isOpen()) {
    if (!answer.response.write(piece)) await once(answer.response, "drain").catch(() => {});
  }
}

/** The same bytes many times in one read. */
function many(piece: Uint8Array, bytes = 64 * 1024): Buffer {
  return Buffer.concat(Array.from({ length: Math.max(1, Math.floor(bytes / piece.length)) }, () => piece));
}

/** The start of a message that never ends. */
function messageStart(bytes: number): Buffer {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(bytes, 0);
  prelude.writeUInt32BE(0, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  return prelude;
}

const inContent = (json: string): Uint8Array => encodeEvent("result", `{"content":${json}}`);

function sendEvent(answer: Answer, event: Uint8Array): void {
  answer.begin();
  answer.response.end(event);
}

/** As `say`, with text beside the answer. */
function sayBeside(answer: Answer, stdout: string, said: Said = { state: "running" }): void {
  sendEvent(answer, result(stdout + block(answer, said)));
}

function refuse({ response }: Answer, characters: number): void {
  response.writeHead(400, {
    "content-type": "application/json",
    "x-amzn-errortype": "ValidationException",
  });
  response.end(JSON.stringify({ message: `session ${"x".repeat(characters)}` }));
}

/** Name → what is answered to every request for code. */
export const ATTACKS: Readonly<Record<string, (answer: Answer) => unknown>> = {
  "answers as it should": (answer) => say(answer, { frames: [DONE] }),

  // The event stream
  "events without end": (answer) => flood(answer, many(result("x".repeat(100)))),
  "empty events without end": (answer) => flood(answer, many(encodeEvent("result", "{}"))),
  "events of other kinds without end": (answer) => flood(answer, many(encodeEvent("ping", "{}"))),
  "large events without end": (answer) => flood(answer, result("x".repeat(4 * MIB))),
  "one message of 4 GB": (answer) => {
    answer.begin();
    answer.response.write(messageStart(0xff_ff_ff_ff));
    return flood(answer, Buffer.alloc(64 * 1024));
  },
  "one message of 90 MB": (answer) => {
    answer.begin();
    answer.response.write(messageStart(90_000_000));
    return flood(answer, Buffer.alloc(64 * 1024));
  },
  "one message of 15 MB in small chunks": (answer) => {
    answer.begin();
    answer.response.write(messageStart(15_000_000));
    return flood(answer, Buffer.alloc(64));
  },
  "bytes that are no event stream": (answer) => flood(answer, Buffer.alloc(64 * 1024, "x")),
  "an answer that never begins": () => {},
  "an answer that never ends": (answer) => {
    answer.begin();
    answer.response.write(result("x"));
  },
  "a trickle": async (answer) => {
    answer.begin();
    while (answer.isOpen()) {
      answer.response.write(result("x"));
      await sleep(20);
    }
  },
  "an exception with a large text": (answer) =>
    sendEvent(answer, encodeException("x".repeat(200), JSON.stringify({ message: "x".repeat(8 * MIB) }))),

  // The JSON of one event
  "an event with a million parts": (answer) => sendEvent(answer, inContent(`[${"{},".repeat(MIB)}{}]`)),
  "an event with a million texts": (answer) =>
    sendEvent(answer, inContent(`[${`{"type":"text","text":"x"},`.repeat(300_000)}{}]`)),
  "an event that is nested deeply": (answer) =>
    sendEvent(answer, inContent("[".repeat(4 * MIB) + "]".repeat(4 * MIB))),
  "an event with a million keys": (answer) =>
    sendEvent(
      answer,
      encodeEvent("result", `{${Array.from({ length: 500_000 }, (_, at) => `"k${at}":1`).join(",")}}`),
    ),
  "an event of other types": (answer) =>
    sendEvent(
      answer,
      encodeEvent("result", `{"content":{"0":1},"structuredContent":[{"stdout":1}],"isError":"x"}`),
    ),
  "an event whose fields have other types": (answer) =>
    sendEvent(
      answer,
      encodeEvent(
        "result",
        `{"content":[null,1,{"text":{"x":1}}],"structuredContent":{"stdout":{"x":1},"stderr":[1]}}`,
      ),
    ),
  "an event that is no JSON": (answer) => sendEvent(answer, encodeEvent("result", `{"content":[`)),

  // The driver's answer
  "begins without end": (answer) => sendEvent(answer, result(`${answer.marker}begin `.repeat(150_000))),
  "begins without end, each with a head": (answer) =>
    sendEvent(answer, result(block(answer, { state: "waiting" }).slice(0, -2).repeat(40_000))),
  "a head that does not end": (answer) =>
    sendEvent(answer, result(`${answer.marker}begin {"sequence":1,"x":"${"x".repeat(8 * MIB)}`)),
  "a packed answer that grows to 512 MB": (answer) =>
    say(answer, { text: "\n".repeat(500 * MIB), isPacked: true }),
  "a packed answer of 30 MB": (answer) => say(answer, { text: "\n".repeat(30 * MIB), isPacked: true }),
  "16 MB of blanks": (answer) => sendEvent(answer, result(" \n".repeat(8 * MIB))),
  "a version without end": (answer) =>
    sendEvent(answer, result(`${answer.marker}old ${"3 ".repeat(4 * MIB)}`)),
  "a version of 8 MB": (answer) => sendEvent(answer, result(`${answer.marker}old ${"3".repeat(8 * MIB)}`)),
  "8 MB of standard error": (answer) =>
    sendEvent(
      answer,
      encodeEvent(
        "result",
        JSON.stringify({ structuredContent: { stdout: "", stderr: "x".repeat(8 * MIB) } }),
      ),
    ),
  "prints beside every answer": (answer) => sayBeside(answer, "x".repeat(2 * MIB)),

  // Frames
  "a MiB of newlines in every answer": (answer) =>
    say(answer, { state: "running", text: lines(answer, []) + "\n".repeat(MIB), isPacked: true }),
  "lines without a marker in every answer": (answer) =>
    say(answer, {
      state: "more",
      text: `${lines(answer, [])}${"what is this?\n".repeat(50_000)}`,
      isPacked: true,
    }),
  "one line that grows with every answer": (answer) =>
    say(answer, {
      state: "more",
      text: (answer.sequence === 1 ? lines(answer, []) + answer.marker : "").padEnd(4 * MIB, "x"),
      isPacked: true,
    }),
  "more without end, and nothing in it": (answer) =>
    say(answer, { state: "more", text: lines(answer, []).padEnd(4 * MIB, "\n"), isPacked: true }),
  "a frame with a million parts": (answer) =>
    say(answer, {
      text: `${lines(answer, [])}${answer.marker}{"type":"call","cell":1,"id":1,"tool":"echo","input":{"value":[${"{},".repeat(MIB)}1]}}\n`,
      isPacked: true,
    }),
  "a frame with a million unknown fields": (answer) =>
    say(answer, {
      text: `${lines(answer, [])}${answer.marker}{"type":"done"${Array.from({ length: 200_000 }, (_, at) => `,"k${at}":1`).join("")}}\n`,
      isPacked: true,
    }),
  "20,000 calls and waits without end": (answer) =>
    say(answer, {
      state: "running",
      frames:
        answer.sequence > 1
          ? Array.from({ length: 5_000 }, () => BLOCKED)
          : Array.from({ length: 20_000 }, (_, at) => ({
              type: "call",
              cell: 1,
              id: at + 1,
              tool: "wait",
              input: {},
            })),
      isPacked: true,
    }),

  // Going on for ever
  "says at once that it computes": (answer) => say(answer, { state: "running" }),
  "says that there is more": (answer) => say(answer, { state: "more" }),
  "wakes at once": (answer) => say(answer, { wakeInMs: 0, frames: answer.sequence === 1 ? [BLOCKED] : [] }),
  "wakes at once, and says that it waits": (answer) => say(answer, { wakeInMs: 0, frames: [BLOCKED] }),
  "wakes at once, for timers that are due": (answer) =>
    say(answer, { wakeInMs: 0, frames: [{ ...BLOCKED, wakeInMs: 1e9 }] }),
  "wakes in 1e300 ms": (answer) =>
    say(answer, { wakeInMs: "1e300", frames: [{ ...BLOCKED, wakeInMs: 1e300 }] }),
  "wakes in 1e999 ms": (answer) => say(answer, { wakeInMs: "1e999", frames: [BLOCKED] }),
  "waits for ever": (answer) => say(answer, { frames: [{ ...BLOCKED, wakeInMs: 1e9 }] }),
  "holds what is not held": (answer) => say(answer, { state: "held" }),
  "never greets": (answer) => say(answer, { state: "running", text: " " }),
  "greets with nothing": (answer) => say(answer, { text: " " }),
  "is always out of order": (answer) => say(answer, { state: "fault", text: "x".repeat(MIB) }),
  "is always out of order, at length": (answer) => say(answer, { state: "fault", text: "x".repeat(8 * MIB) }),

  // Errors
  "an error with a large body": async (answer) => {
    answer.response.writeHead(500, { "content-type": "application/json" });
    while (answer.isOpen()) {
      if (!answer.response.write(Buffer.alloc(64 * 1024, "x"))) {
        await once(answer.response, "drain").catch(() => {});
      }
    }
  },
  "an error with a message": (answer) => refuse(answer, 32 * 1024),
  "an error with a long message": (answer) => refuse(answer, 4 * MIB),
  "an error with a million fields": (answer) => {
    answer.response.writeHead(500, { "content-type": "application/json" });
    answer.response.end(`{"message":[${"{},".repeat(MIB)}1]}`);
  },

  // What is sent to it
  "asks for many large results": (answer) =>
    say(answer, {
      frames:
        answer.sequence > 1
          ? []
          : [
              ...Array.from({ length: 40 }, (_, at) => ({
                type: "call",
                cell: 1,
                id: at + 1,
                tool: "large",
                input: {},
              })),
              BLOCKED,
            ],
    }),
};
