/**
 * Server-sent events, decoded from bytes as the HTML standard says (section 9.2).
 *
 * Guarantee: every line ending (CR, LF, CRLF) and every cut of the bytes, also inside a character or between CR and LF,
 * gives the same events. Comments and unknown fields are skipped; an event that the stream ends in the middle of is not
 * dispatched.
 */

/** One event. */
export interface ServerSentEvent {
  /** The `event` field; "message" when there is none. */
  readonly event: string;
  /** All `data` lines, joined by line feeds. */
  readonly data: string;
}

/** Decodes a stream of bytes. */
export async function* parseSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  const parser = new SseParser();
  for await (const chunk of chunks) {
    yield* parser.push(decoder.decode(chunk, { stream: true }));
  }
  yield* parser.push(decoder.decode());
  yield* parser.finish();
}

class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #isFirst = true;

  *push(text: string): Generator<ServerSentEvent> {
    this.#rest += this.#isFirst && text !== "" ? text.replace(/^\uFEFF/, "") : text;
    this.#isFirst &&= text === "";
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A CR at the very end may be the first half of CRLF: wait for what follows.
      if (end < 0 || (this.#rest[end] === "\r" && end + 1 === this.#rest.length)) {
        return;
      }
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#takeLine(line);
      if (event !== undefined) {
        yield event;
      }
    }
  }

  /** No half of a CRLF can follow any more: a waiting CR ends its line. */
  *finish(): Generator<ServerSentEvent> {
    if (this.#rest.endsWith("\r")) {
      this.#rest = `${this.#rest.slice(0, -1)}\n`;
      yield* this.push("");
    }
  }

  #takeLine(line: string): ServerSentEvent | undefined {
    if (line === "") {
      return this.#dispatch();
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") {
      this.#event = value;
    } else if (field === "data") {
      this.#data.push(value);
    }
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return isEmpty ? undefined : event;
  }
}
