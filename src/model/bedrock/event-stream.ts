/**
 * The events in the body of an InvokeModelWithResponseStream response, which the SDK has not touched.
 *
 * The frames are decoded by the SDK's own marshaller; this file only knows what the service puts into them: chunks of
 * JSON, and exceptions whose names are in camel case on the wire.
 */
import type { ResponseStream } from "@aws-sdk/client-bedrock-runtime";
import type { HttpResponse } from "@smithy/protocol-http";

/** The part of the SDK's `EventStreamMarshaller` that reads. */
export interface EventStreamReader {
  deserialize<T>(body: unknown, decode: (frame: Frame) => Promise<T>): AsyncIterable<T>;
}

/** One frame under the name of its event or exception. */
type Frame = Readonly<Record<string, { readonly body: Uint8Array }>>;

/** What frames of both kinds hold; base64 in `bytes`. */
interface Payload {
  readonly bytes?: string;
  readonly message?: string;
}

/**
 * Waits for the first event, so that an exception in its place can still be retried, and gives them all.
 *
 * @throws what an exception frame says, as an error of that name
 */
export async function readEventStream(
  reader: EventStreamReader,
  response: HttpResponse,
): Promise<AsyncIterable<ResponseStream>> {
  const events = reader.deserialize(response.body, decodeFrame)[Symbol.asyncIterator]();
  return withFirst(await events.next(), events);
}

async function* withFirst<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

/** The marshaller throws what stands under the name of an exception; other events than chunks are nobody's. */
async function decodeFrame(frame: Frame): Promise<ResponseStream> {
  const [name = "", { body } = { body: new Uint8Array() }] = Object.entries(frame)[0] ?? [];
  const payload = body.byteLength === 0 ? {} : (JSON.parse(toText(body)) as Payload);
  if (name === "chunk") {
    return { chunk: payload.bytes === undefined ? {} : { bytes: Buffer.from(payload.bytes, "base64") } };
  }
  const error = new Error(payload.message ?? "no message");
  error.name = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  return { [name]: error } as unknown as ResponseStream;
}

/** UTF-8 as text. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
