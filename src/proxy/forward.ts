/**
 * A way around the model adapter for upstreams that speak the Messages API themselves: the request's own bytes go out,
 * the response's own bytes come back, nothing is parsed in between.
 */

/** What is forwarded. */
export interface ForwardRequest {
  /** As the client sent it. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The client's headers. Its key is not the upstream's. */
  readonly headers: Headers;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
}

/** Forwards a request. */
export type Forward = (request: ForwardRequest) => Promise<Response>;

/** Options of {@link forwardTo}. */
export interface ForwardOptions {
  /** Everything before `/v1/messages`. */
  readonly baseUrl: string;
  /** Key of the upstream; without one no key is sent. */
  readonly apiKey?: string | undefined;
  /** How the key is sent. @default "x-api-key" */
  readonly auth?: "x-api-key" | "bearer";
  /** @default the global fetch */
  readonly fetch?: typeof fetch;
}

/** Bytes of a body that is sent in pieces, and of a piece. */
const LARGE_BYTES = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** Headers of the client that the upstream needs to see. */
const SENT_HEADERS = ["anthropic-version", "anthropic-beta", "content-type", "user-agent"];

/** Forwards to `baseUrl`. */
export function forwardTo(options: ForwardOptions): Forward {
  const { apiKey, auth = "x-api-key" } = options;
  const send = options.fetch ?? fetch;
  const base = options.baseUrl.replace(/\/+$/, "").replace(/\/v1(\/messages)?$/, "");
  const key: readonly (readonly [string, string])[] =
    apiKey === undefined
      ? []
      : [auth === "bearer" ? ["authorization", `Bearer ${apiKey}`] : ["x-api-key", apiKey]];
  return ({ body, headers, signal }) => {
    const sent = SENT_HEADERS.flatMap((name) => toPair(name, headers.get(name)));
    return send(`${base}/v1/messages`, {
      method: "POST",
      ...toBody(body, Object.fromEntries([...sent, ...key])),
      signal,
    });
  };
}

/** Large bytes go out in pieces: `fetch` would copy them as a whole first. */
function toBody(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Pick<RequestInit, "body" | "duplex" | "headers"> {
  if (bytes.length <= LARGE_BYTES) return { headers, body: bytes };
  const length = { "content-length": String(bytes.length) };
  return { headers: { ...headers, ...length }, body: ReadableStream.from(inPieces(bytes)), duplex: "half" };
}

function* inPieces(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function toPair(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]];
}
