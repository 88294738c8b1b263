/**
 * What the log tells of a request for a message, beside who asked and how it ended: sizes and counts.
 *
 * Guarantee: nothing of a prompt, a script or a result, unless bodies are to be logged.
 */
import { accumulate } from "../../model/accumulate.ts";
import type { MessageEvent, ModelResponse, ModelUsage } from "../../model/model.ts";
import type { RequestBody } from "../request/body-schema.ts";
import type { Exchange } from "./exchange.ts";

/** Notes what was asked for. */
export function noteRequest(exchange: Exchange, body: RequestBody, logBodies: boolean): void {
  exchange.account.note({
    model: body.model,
    stream: body.stream === true,
    messages: body.messages.length,
    ...(logBodies ? { requestBody: body } : {}),
  });
}

/** Notes a whole response. */
export function noteResponse(exchange: Exchange, response: ModelResponse, logBodies: boolean): void {
  exchange.account.note({
    stopReason: response.stop_reason,
    ...toTokens(response.usage),
    ...(logBodies ? { responseBody: response } : {}),
  });
}

/** Passes the events of a response on and notes what they come to. */
export async function* noteEvents(
  events: AsyncGenerator<MessageEvent>,
  exchange: Exchange,
  logBodies: boolean,
): AsyncGenerator<MessageEvent> {
  const kept: MessageEvent[] = [];
  for await (const event of events) {
    if (logBodies) kept.push(event);
    if (event.type === "message_start") exchange.account.note(toTokens(event.message.usage));
    else if (event.type === "message_delta") {
      exchange.account.note({ stopReason: event.delta.stop_reason ?? null, ...toTokens(event.usage ?? {}) });
    } else if (event.type === "message_stop" && logBodies) {
      exchange.account.note({ responseBody: await accumulate(kept) });
    }
    yield event;
  }
}

/** Counts that are there; a later event may hold only some of them. */
function toTokens(usage: ModelUsage): Record<string, number> {
  const counts = {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
    cacheWriteTokens: usage.cache_creation_input_tokens,
  };
  return Object.fromEntries(
    Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}
