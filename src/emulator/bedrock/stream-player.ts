/**
 * Sends an answer at its pace and with its faults: whole bodies and event streams alike.
 *
 * Guarantee: a wait ends at once when the client goes away. Frames without a delay between them leave in one write.
 */
import { setTimeout as wait } from "node:timers/promises";
import { EVENT_STREAM_CONTENT_TYPE, encodeException } from "../aws-http/event-stream.ts";
import type { HttpExchange } from "../aws-http/http-exchange.ts";
import type { BedrockFault } from "./faults.ts";
import type { OpenRecord } from "./request-log.ts";

/** An answer that is ready to be sent. */
export interface ReadyAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON body, or the frames of a stream. */
  readonly body: string | readonly Uint8Array[];
  /** Milliseconds before the first byte. */
  readonly delayMs: number;
  /** Milliseconds between two frames. */
  readonly eventDelayMs: number;
}

/** Sends `answer` with `fault`, and notes in `open` how it ended. */
export async function sendAnswer(
  exchange: HttpExchange,
  answer: ReadyAnswer,
  fault: BedrockFault | undefined,
  open: OpenRecord,
): Promise<void> {
  const slow = fault?.kind === "slow" ? fault : undefined;
  await pause(slow?.firstByteMs ?? answer.delayMs, exchange.closed);
  if (typeof answer.body === "string") {
    await sendBody(exchange, answer.headers, answer.body, fault, open);
  } else {
    const betweenMs = slow?.betweenEventsMs ?? answer.eventDelayMs;
    await sendFrames(exchange, answer.headers, answer.body, betweenMs, fault, open);
  }
  open.finish(exchange.closed.aborted ? "aborted" : "answered");
}

async function sendBody(
  exchange: HttpExchange,
  headers: ReadyAnswer["headers"],
  body: string,
  fault: BedrockFault | undefined,
  open: OpenRecord,
): Promise<void> {
  open.answer(200);
  const bytes = Buffer.from(body);
  const all = { "content-type": "application/json", ...headers };
  if (fault?.kind !== "cut") {
    exchange.respond(200, all, bytes);
    return;
  }
  exchange.begin(200, { ...all, "content-length": String(bytes.length) });
  exchange.write(bytes.subarray(0, fault.afterBytes ?? Math.floor(bytes.length / 2)));
  open.finish("cut");
  await exchange.cut();
}

async function sendFrames(
  exchange: HttpExchange,
  headers: ReadyAnswer["headers"],
  frames: readonly Uint8Array[],
  betweenMs: number,
  fault: BedrockFault | undefined,
  open: OpenRecord,
): Promise<void> {
  const exception = fault?.kind === "stream-exception" ? fault.exception : undefined;
  open.answer(200, exception);
  exchange.begin(200, { "content-type": EVENT_STREAM_CONTENT_TYPE, ...headers });
  const bytes = applyFault(frames, fault);
  if (betweenMs <= 0) {
    exchange.write(Buffer.concat(bytes));
  } else {
    await sendPaced(exchange, bytes, betweenMs);
  }
  if (fault?.kind === "cut") {
    open.finish("cut");
    await exchange.cut();
  } else {
    exchange.end();
  }
}

async function sendPaced(
  exchange: HttpExchange,
  frames: readonly Uint8Array[],
  betweenMs: number,
): Promise<void> {
  for (const [at, frame] of frames.entries()) {
    if (at > 0) {
      await pause(betweenMs, exchange.closed);
    }
    if (exchange.closed.aborted) {
      return;
    }
    exchange.write(frame);
  }
}

function applyFault(frames: readonly Uint8Array[], fault: BedrockFault | undefined): readonly Uint8Array[] {
  if (fault?.kind === "stream-exception") {
    const payload = JSON.stringify({ message: fault.message ?? `The stream failed: ${fault.exception}` });
    return [...frames.slice(0, fault.afterEvents), encodeException(fault.exception, payload)];
  }
  if (fault?.kind === "short-stream") {
    return frames.slice(0, fault.afterEvents);
  }
  if (fault?.kind !== "cut") {
    return frames;
  }
  if (fault.afterBytes !== undefined) {
    return [Buffer.concat(frames).subarray(0, fault.afterBytes)];
  }
  return frames.slice(0, fault.afterEvents ?? Math.floor(frames.length / 2));
}

/** Waits `ms` milliseconds, or until `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) {
    return;
  }
  try {
    await wait(ms, undefined, { signal, ref: false });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}
