/**
 * Frames of `application/vnd.amazon.eventstream`, as AWS services write them.
 *
 * The binary encoding is that of `@smithy/eventstream-codec`; this file only knows the headers of events and exceptions.
 */
import { EventStreamCodec } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** The content type of an event stream. */
export const EVENT_STREAM_CONTENT_TYPE = "application/vnd.amazon.eventstream";

/** One event frame: `:message-type` event, with a JSON payload that is serialised already. */
export function encodeEvent(eventType: string, json: string): Uint8Array {
  return encode(
    { ":event-type": eventType, ":content-type": "application/json", ":message-type": "event" },
    json,
  );
}

/** One exception frame, for example `throttlingException` (camel case on the wire). */
export function encodeException(exceptionType: string, json: string): Uint8Array {
  return encode(
    { ":exception-type": exceptionType, ":content-type": "application/json", ":message-type": "exception" },
    json,
  );
}

function encode(headers: Record<string, string>, json: string): Uint8Array {
  return codec.encode({
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, { type: "string" as const, value }]),
    ),
    body: Buffer.from(json, "utf8"),
  });
}
