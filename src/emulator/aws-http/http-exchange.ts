/**
 * One request and its answer, the same over HTTP/1.1 and HTTP/2.
 *
 * Guarantee: `closed` is aborted when the peer goes away before the answer is complete, so whoever waits on behalf of
 * the peer can stop. Writing to a peer that is gone does nothing.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

import { ByteCollector } from "../../http/byte-collector.ts";

/** A request of either protocol. */
export type AnyRequest = IncomingMessage | Http2ServerRequest;
/** An answer of either protocol. */
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** The body was larger than allowed. */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

/** One request and its answer. */
export class HttpExchange {
  readonly method: string;
  /** Path and query as they were sent, still percent-encoded. */
  readonly target: string;
  readonly protocol: "h1" | "h2";
  /** Header names in lower case; pseudo headers of HTTP/2 included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #request: AnyRequest;
  readonly #response: AnyResponse;
  readonly #closed = new AbortController();
  #finished = false;

  constructor(request: AnyRequest, response: AnyResponse) {
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? "GET";
    this.target = request.url ?? "/";
    this.protocol = request.httpVersionMajor === 2 ? "h2" : "h1";
    this.headers = flattenHeaders(request);
    response.on("close", () => {
      if (!this.#finished) {
        this.#closed.abort();
      }
    });
    // Without these a peer that resets its connection would be an uncaught error.
    request.on("error", () => this.#closed.abort());
    response.on("error", () => this.#closed.abort());
  }

  /** Aborted when the peer left before the answer was complete. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * The whole body. A body that is too large is read to its end all the same, so that the client hears the refusal.
   *
   * @throws {BodyTooLargeError} when it is larger than `maxBytes`
   */
  async readBody(maxBytes: number): Promise<Buffer> {
    const collected = new ByteCollector(maxBytes);
    let size = 0;
    for await (const chunk of this.#request) {
      size += (chunk as Buffer).length;
      if (size <= maxBytes) {
        collected.add(chunk as Buffer);
      }
    }
    if (size > maxBytes) {
      throw new BodyTooLargeError(`The body has ${size} bytes, at most ${maxBytes} are taken`);
    }
    return collected.finish();
  }

  /** Sends a whole answer. */
  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    this.begin(status, { ...headers, "content-length": String(bytes.length) });
    this.write(bytes);
    this.end();
  }

  /** Sends status and headers of an answer whose body follows in pieces. */
  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (!this.closed.aborted) {
      const response = this.#response as ServerResponse;
      response.writeHead(status, { ...headers });
      response.flushHeaders();
    }
  }

  /** Sends bytes of the body. */
  write(bytes: Uint8Array): void {
    if (!this.closed.aborted) {
      (this.#response as ServerResponse).write(bytes);
    }
  }

  /** Ends the answer. */
  end(): void {
    if (!this.closed.aborted) {
      this.#finished = true;
      this.#response.end();
    }
  }

  /** Ends the connection in the middle, after the bytes written so far have left. */
  async cut(): Promise<void> {
    this.#finished = true;
    const response = this.#response;
    await new Promise<void>((resolve) => {
      const written = (response as ServerResponse).write("", () => resolve());
      if (!written || this.closed.aborted) {
        resolve();
      }
    });
    if ("stream" in response) {
      response.stream.session?.destroy();
    } else {
      response.socket?.destroy();
    }
  }
}

function flattenHeaders(request: AnyRequest): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) {
      flat[name] = Array.isArray(value) ? value.join(",") : value;
    }
  }
  return flat;
}
