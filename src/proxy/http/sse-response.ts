/**
 * A response of server-sent events, as the Messages API streams them.
 *
 * Guarantees: the reader sets the pace, nothing is produced that is not asked for; a large event is written in shares of
 * a turn; an error in mid-stream becomes the `error` event and ends the stream; a client that leaves, or stops reading
 * for too long, ends the work behind it. An error before the first event is thrown: it still can be an HTTP status.
 */
import { writeJson } from "../../json/write-json.ts";
import type { MessageEvent } from "../../model/model.ts";

/** Options of {@link toSseResponse}. */
export interface SseOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the work behind the events. */
  readonly abort: (reason: Error) => void;
  /** Time that a client may take without reading, in milliseconds. */
  readonly stallMs: number;
  /** The JSON of the `error` event. */
  readonly toErrorData: (thrown: unknown) => object;
  /** Called once, at the end, whatever the end is. */
  readonly onEnd: (error?: unknown) => void;
}

/** One event as it travels. */
async function encodeEvent(type: string, data: object): Promise<Uint8Array> {
  const json = await writeJson(data);
  return Buffer.concat([Buffer.from(`event: ${type}\ndata: `), json, END_OF_EVENT]);
}

const END_OF_EVENT = Buffer.from("\n\n");

/** Starts the events and answers with them. @throws what comes instead of the first event */
export async function toSseResponse(
  events: AsyncGenerator<MessageEvent>,
  options: SseOptions,
): Promise<Response> {
  const first = await events.next();
  return new Response(toStream(events, first, options), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      // Buffering in a proxy in front of this server would hold events back.
      "x-accel-buffering": "no",
      ...options.headers,
    },
  });
}

function toStream(
  events: AsyncGenerator<MessageEvent>,
  first: IteratorResult<MessageEvent>,
  options: SseOptions,
): ReadableStream<Uint8Array> {
  let next: IteratorResult<MessageEvent> | undefined = first;
  const stall = setTimeout(() => leave(new Error("The client stopped reading")), options.stallMs).unref();

  function leave(reason: Error): void {
    clearTimeout(stall);
    options.abort(reason);
    options.onEnd(reason);
    events.return(undefined).catch(() => {}); // it ends by the abort, and nobody is left to tell
  }

  async function write(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const result = next ?? (await events.next());
    next = undefined;
    if (result.done === true) {
      clearTimeout(stall);
      options.onEnd();
      controller.close();
      return;
    }
    stall.refresh();
    controller.enqueue(await encodeEvent(result.value.type, result.value));
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          await write(controller);
        } catch (error) {
          clearTimeout(stall);
          options.onEnd(error);
          controller.enqueue(await encodeEvent("error", options.toErrorData(error)));
          controller.close();
        }
      },
      cancel: () => leave(new Error("The client left")),
    },
    { highWaterMark: 0 },
  );
}
