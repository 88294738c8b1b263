/**
 * Reads the messages of an `application/vnd.amazon.eventstream` that a script may have had a hand in.
 *
 * Guarantees: no more is held than the bytes that came, up to a bound; every message is whole and its checksums are right;
 * nothing of a message is made but its headers. The encoding:
 * https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
 */
import { crc32 } from "node:zlib";
import { ToolscriptError } from "../../../errors.ts";
import type { TurnShare } from "../../../turn-share.ts";

/** Bytes of one answer. The driver's largest one has less than 12 MB, text and its repetition. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Messages of one answer. */
const MAX_MESSAGES = 10_000;

/** Bytes of the headers of one message. */
const MAX_HEADER_BYTES = 8 * 1024;

/** Total length, length of the headers, and their checksum. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** One message. */
export interface EventMessage {
  /** Headers that are texts; others are left out. */
  readonly headers: ReadonlyMap<string, string>;
  /** Valid until the next message is asked for. */
  readonly payload: Buffer;
}

/**
 * The messages of a body.
 *
 * @throws {ToolscriptError} `work-limit` when there is too much of it, `agentcore-answer` when it is damaged or cut off
 */
export async function* readEventStream(
  body: AsyncIterable<Uint8Array>,
  share: TurnShare,
): AsyncGenerator<EventMessage> {
  const messages = new MessageSplitter();
  let bytes = 0;
  let count = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw tooMuch(`it has more than "${MAX_ANSWER_BYTES}" bytes`);
    messages.push(chunk);
    for (let message = messages.next(); message !== undefined; message = messages.next()) {
      count += 1;
      if (count > MAX_MESSAGES) throw tooMuch(`it has more than "${MAX_MESSAGES}" messages`);
      yield message;
    }
    if (share.due) await share.yieldTurn();
  }
  if (!messages.isEmpty) throw damaged("its event stream was cut off");
}

/** The error of an answer that is not whole. Another one may be. */
export function damaged(reason: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError("agentcore-answer", `Reading an answer of AgentCore failed: ${reason}`, {
    cause,
  });
}

/** The error of an answer that would cost too much. */
export function tooMuch(reason: string): ToolscriptError {
  return new ToolscriptError("work-limit", `Reading an answer of AgentCore failed: ${reason}`);
}

/** Cuts bytes into messages, whatever the sizes of the reads. */
class MessageSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;

  /** Whether nothing of an unfinished message is held. */
  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  push(chunk: Uint8Array): void {
    const needed = this.#to - this.#from + chunk.length;
    if (this.#to + chunk.length > this.#buffer.length) {
      const isRoomy = needed <= this.#buffer.length / 2;
      const target = isRoomy
        ? this.#buffer
        : Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(target, 0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
      this.#buffer = target;
    }
    this.#buffer.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  next(): EventMessage | undefined {
    const held = this.#buffer.subarray(this.#from, this.#to);
    if (held.length < PRELUDE_BYTES) return undefined;
    const length = held.readUInt32BE(0);
    const headerBytes = held.readUInt32BE(4);
    if (crc32(held.subarray(0, 8)) !== held.readUInt32BE(8)) throw damaged("it is no event stream");
    if (length > MAX_ANSWER_BYTES || headerBytes > MAX_HEADER_BYTES) {
      throw tooMuch(`a message of it has "${length}" bytes and "${headerBytes}" bytes of headers`);
    }
    const payloadFrom = PRELUDE_BYTES + headerBytes;
    const payloadTo = length - CHECKSUM_BYTES;
    if (payloadTo < payloadFrom) throw damaged("a message of it is shorter than its headers");
    if (held.length < length) return undefined;
    if (crc32(held.subarray(0, payloadTo)) !== held.readUInt32BE(payloadTo)) {
      throw damaged("a checksum of its event stream is wrong");
    }
    this.#from += length;
    const headers = readHeaders(held.subarray(PRELUDE_BYTES, payloadFrom));
    return { headers, payload: held.subarray(payloadFrom, payloadTo) };
  }
}

/** Bytes of a header's value by its type: true, false, byte, short, integer, long, bytes, text, time, UUID. */
const VALUE_BYTES = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];
const TEXT_TYPE = 7;

function readHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  try {
    for (let at = 0; at < bytes.length;) {
      const nameTo = at + 1 + bytes.readUInt8(at);
      const type = bytes.readUInt8(nameTo);
      const fixed = VALUE_BYTES[type];
      const from = nameTo + (fixed === undefined ? 3 : 1);
      const to = from + (fixed ?? bytes.readUInt16BE(nameTo + 1));
      if (to > bytes.length) throw damaged("a header of its event stream is cut off");
      const name = bytes.toString("utf8", at + 1, nameTo);
      if (type === TEXT_TYPE) headers.set(name, bytes.toString("utf8", from, to));
      at = to;
    }
  } catch (cause) {
    throw damaged("a header of its event stream is wrong", cause);
  }
  return headers;
}
