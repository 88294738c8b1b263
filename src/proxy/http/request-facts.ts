/**
 * What the log tells of a request for a message, beside who asked and how it ended: sizes and counts.
 *
 * Guarantee: nothing of a prompt, a script or a result, unless bodies are to be logged.
 */
import { accumulate } from "../../model/accumulate.ts";
import type { MessageEvent, ModelResponse, ModelUsage } from "../../model/model.ts";
import { isSmallJson, writeLightJson } from "../../json/write-json.ts";
import type { RequestBody } from "../request/body-schema.ts";
import type { Exchange } from "./exchange.ts";

/** Characters of a body up to which the log shows it, where bodies are to be logged. */
const MAX_LOGGED_CHARACTERS = 256 * 1024;

/** Notes what was asked for. */
export function noteRequest(exchange: Exchange, body: RequestBody, logBodies: boolean): void {
  exchange.account.note({
    model: body.model,
    stream: body.stream === true,
    messages: body.messages.length,
    ...(logBodies ? { requestBody: toLogged(body) } : {}),
  });
}

/** Notes a whole response. */
export function noteResponse(exchange: Exchange, response: ModelResponse, logBodies: boolean): void {
  exchange.account.note({
    stopReason: response.stop_reason,
    ...toTokens(response.usage),
    ...(logBodies ? { responseBody: toLogged(response) } : {}),
  });
}

/** Passes the events of a response on and notes what they come to. */
export async function* noteEvents(
  events: AsyncGenerator<MessageEvent>,
  exchange: Exchange,
  logBodies: boolean,
): AsyncGenerator<MessageEvent> {
  const kept = logBodies ? new KeptEvents() : undefined;
  for await (const event of events) {
    kept?.add(event);
    if (event.type === "message_start") exchange.account.note(toTokens(event.message.usage));
    else if (event.type === "message_delta") {
      exchange.account.note({ stopReason: event.delta.stop_reason ?? null, ...toTokens(event.usage ?? {}) });
    } else if (event.type === "message_stop" && kept !== undefined) {
      exchange.account.note({ responseBody: await kept.toBody() });
    }
    yield event;
  }
}

/** What stands in the log for a body that is too large for a line of it. */
const TOO_LARGE = `(larger than ${MAX_LOGGED_CHARACTERS} characters)`;

function toLogged(body: object): object | string {
  return isSmallJson(body, MAX_LOGGED_CHARACTERS) ? body : TOO_LARGE;
}

/** The events of a response, as long as they are small enough for a line of the log. */
class KeptEvents {
  #events: MessageEvent[] | undefined = [];
  #left = MAX_LOGGED_CHARACTERS;

  add(event: MessageEvent): void {
    this.#left -= writeLightJson(event)?.length ?? Infinity;
    if (this.#left < 0) this.#events = undefined;
    this.#events?.push(event);
  }

  async toBody(): Promise<object | string> {
    return this.#events === undefined ? TOO_LARGE : await accumulate(this.#events);
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
