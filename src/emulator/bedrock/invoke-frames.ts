/**
 * Frames of InvokeModelWithResponseStream: each event of the Messages API as base64 in a `chunk`, with padding `p`.
 */
import { encodeEvent } from "../aws-http/event-stream.ts";

/** Bedrock pads each chunk with a piece of this text so that its length tells nothing about the answer. */
const PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Padding of the `at`-th frame; the lengths look irregular and are the same in every run. */
export function paddingOf(at: number): string {
  return PADDING.slice(0, 2 + ((at * 37 + 11) % (PADDING.length - 2)));
}

/** Encodes events that are serialised already. */
export function toChunkFrames(events: readonly string[]): Uint8Array[] {
  return events.map((event, at) => {
    const bytes = Buffer.from(event).toString("base64");
    return encodeEvent("chunk", `{"bytes":"${bytes}","p":"${paddingOf(at)}"}`);
  });
}
