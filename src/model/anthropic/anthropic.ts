/**
 * Any endpoint of the Messages API over `fetch`: the Claude API itself, gateways, self-hosted models, our own proxy.
 *
 * Guarantee: a stream that ends without `message_stop` is an error, retries happen only before the first event and are
 * reported, and an abort ends the request. Unknown keys pass through both ways.
 */
import { setTimeout as wait } from "node:timers/promises";
import { ToolscriptError } from "../../errors.ts";
import { writeJsonPieces, writeLightJson } from "../../json/write-json.ts";
import { tell } from "../../observer.ts";
import { DEFAULT_MODEL_TIMEOUT_MS, IdleWatchdog, checkTimeoutMs } from "../idle-watchdog.ts";
import { isRecord } from "../is-record.ts";
import type { MessageEvent, Model, ModelCallOptions, ModelRequest, ModelResponse } from "../model.ts";
import { toAnthropicError, toConnectionError } from "./anthropic-error.ts";
import { isRetryable, retryDelayMs } from "./retry.ts";
import { parseSse } from "./sse.ts";

/** The endpoint of the Claude API. */
const DEFAULT_BASE_URL = "https://api.anthropic.com";
/** `anthropic-version` that every endpoint of the Messages API knows. */
const DEFAULT_ANTHROPIC_VERSION = "2023-06-01";
/** Retries after the first attempt. */
const DEFAULT_MAX_RETRIES = 2;

/** Options of {@link anthropic}. */
export interface AnthropicOptions {
  /**
   * Key of the endpoint; without one no key is sent.
   *
   * @default ANTHROPIC_API_KEY, unless `baseUrl` is given: that key is not for any endpoint
   */
  apiKey?: string;
  /** How the key is sent: `x-api-key`, or `authorization: Bearer`. @default "x-api-key" */
  auth?: "x-api-key" | "bearer";
  /** Everything before `/v1/messages`. @default ANTHROPIC_BASE_URL, or "https://api.anthropic.com" */
  baseUrl?: string;
  /** @default the global fetch */
  fetch?: typeof fetch;
  /** More request headers, for example `anthropic-beta`; they win over our own. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Longest silence in milliseconds: until the answer begins, and within it; at most 3600000. Node's own `fetch` gives
   * up after 300000 in any case: stream, or pass a `fetch` with a dispatcher of its own.
   *
   * @default 600000
   */
  timeoutMs?: number;
  /** How often a failed request is tried again. @default 2 */
  maxRetries?: number;
}

/** The options, complete. */
interface Endpoint {
  readonly model: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

/**
 * A model behind a Messages API endpoint.
 *
 * @param name the endpoint's name for the model
 * @throws {ToolscriptError} `invalid-argument` when an option cannot be used
 *
 * @example
 * const model = anthropic("claude-sonnet-5");
 * const local = anthropic("qwen3", { baseUrl: "http://localhost:8000", auth: "bearer", apiKey: "local" });
 */
export function anthropic(name: string, options: AnthropicOptions = {}): Model {
  const endpoint = toEndpoint(name, options);
  return {
    id: `anthropic:${name}`,
    scripted: false,
    async *stream(request, call = {}) {
      const watchdog = new IdleWatchdog(endpoint.timeoutMs, call.signal);
      try {
        const answer = await post(endpoint, { ...request, stream: true }, watchdog, call);
        yield* readEvents(endpoint, answer, watchdog);
        watchdog.complete();
      } catch (error) {
        throw toError(endpoint, watchdog, error);
      } finally {
        watchdog.end();
      }
    },
    async create(request, call = {}) {
      const watchdog = new IdleWatchdog(endpoint.timeoutMs, call.signal);
      try {
        const answer = await post(endpoint, { ...request, stream: false }, watchdog, call);
        const response = await readResponse(endpoint, answer, watchdog);
        watchdog.complete();
        return response;
      } catch (error) {
        throw toError(endpoint, watchdog, error);
      } finally {
        watchdog.end();
      }
    },
  };
}

function toEndpoint(name: string, options: AnthropicOptions): Endpoint {
  const { auth = "x-api-key", maxRetries = DEFAULT_MAX_RETRIES } = options;
  const apiKey =
    options.apiKey ?? (options.baseUrl === undefined ? process.env["ANTHROPIC_API_KEY"] : undefined);
  const baseUrl = options.baseUrl ?? process.env["ANTHROPIC_BASE_URL"] ?? DEFAULT_BASE_URL;
  if (name.trim() === "") {
    throw new ToolscriptError("invalid-argument", 'Cannot use model "": want the endpoint\'s name for it');
  }
  if (!URL.canParse(baseUrl)) {
    throw new ToolscriptError(
      "invalid-argument",
      `Cannot use "baseUrl" "${baseUrl}": want a URL such as "${DEFAULT_BASE_URL}"`,
    );
  }
  const key = auth === "bearer" ? { authorization: `Bearer ${apiKey}` } : { "x-api-key": String(apiKey) };
  return {
    model: name,
    url: `${baseUrl.replace(/\/+$/, "").replace(/\/v1(\/messages)?$/, "")}/v1/messages`,
    headers: {
      "content-type": "application/json",
      "anthropic-version": DEFAULT_ANTHROPIC_VERSION,
      ...(apiKey === undefined ? {} : key),
      ...lowerCaseKeys(options.headers ?? {}),
    },
    fetch: options.fetch ?? fetch,
    timeoutMs: checkTimeoutMs(options.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS),
    maxRetries,
  };
}

/** Sends the request until it succeeds, may not be tried again, or has been tried often enough. */
async function post(
  endpoint: Endpoint,
  request: ModelRequest,
  watchdog: IdleWatchdog,
  call: ModelCallOptions,
): Promise<Response> {
  watchdog.throwIfAborted(`call model "${endpoint.model}"`);
  const makeBody = toMakeBody({ ...request, model: endpoint.model });
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryOnce(endpoint, makeBody, watchdog);
    if (outcome.response !== undefined) {
      return outcome.response;
    }
    if (!outcome.isRetryable || attempt > endpoint.maxRetries) {
      throw outcome.error;
    }
    const delayMs = retryDelayMs(attempt, outcome.headers);
    tell(call.onNotice, { type: "retry", attempt, delayMs, reason: outcome.error.message });
    watchdog.touch(delayMs);
    await wait(delayMs, undefined, { signal: watchdog.signal });
    watchdog.touch();
  }
}

type Outcome =
  | { readonly response: Response }
  | {
      readonly response?: undefined;
      readonly error: ToolscriptError;
      readonly isRetryable: boolean;
      readonly headers?: Headers;
    };

/** Makes the body anew for each attempt: a large one is written while it is sent, and never held as a whole. */
type MakeBody = () => Pick<RequestInit, "body" | "duplex">;

function toMakeBody(request: object): MakeBody {
  const text = writeLightJson(request);
  return text === undefined
    ? () => ({ body: ReadableStream.from(writeJsonPieces(request)), duplex: "half" })
    : () => ({ body: text });
}

async function tryOnce(endpoint: Endpoint, makeBody: MakeBody, watchdog: IdleWatchdog): Promise<Outcome> {
  let response: Response;
  try {
    response = await endpoint.fetch(endpoint.url, {
      method: "POST",
      headers: endpoint.headers,
      ...makeBody(),
      signal: watchdog.signal,
      // A redirect would carry the key to another host.
      redirect: "error",
    });
  } catch (error) {
    if (watchdog.signal.aborted) {
      throw error;
    }
    return { error: toConnectionError(endpoint.model, endpoint.url, error), isRetryable: true };
  }
  watchdog.touch();
  if (response.ok) {
    return { response };
  }
  const { status, headers } = response;
  const requestId = headers.get("request-id");
  const error = toAnthropicError({
    model: endpoint.model,
    status,
    body: toJsonOrText(await watchdog.guard(response.text())),
    ...(requestId === null ? {} : { requestId }),
  });
  return { error, isRetryable: isRetryable(status, headers), headers };
}

async function* readEvents(
  endpoint: Endpoint,
  response: Response,
  watchdog: IdleWatchdog,
): AsyncGenerator<MessageEvent> {
  if (response.body === null) {
    throw cutStreamError(endpoint);
  }
  let isStopped = false;
  for await (const { data } of parseSse(watchdog.watch(response.body))) {
    const event = toJsonOrText(data);
    if (!isRecord(event) || typeof event["type"] !== "string") {
      throw new ToolscriptError(
        "model-failed",
        `Cannot read the answer of model "${endpoint.model}": an event is not JSON: "${data.slice(0, 100)}"`,
      );
    }
    if (event["type"] === "error") {
      throw toAnthropicError({ model: endpoint.model, body: event });
    }
    isStopped ||= event["type"] === "message_stop";
    yield event as unknown as MessageEvent;
  }
  if (!isStopped) {
    throw cutStreamError(endpoint);
  }
}

async function readResponse(
  endpoint: Endpoint,
  response: Response,
  watchdog: IdleWatchdog,
): Promise<ModelResponse> {
  const body = toJsonOrText(await watchdog.guard(response.text()));
  if (!isRecord(body) || !Array.isArray(body["content"])) {
    throw new ToolscriptError(
      "model-failed",
      `Cannot read the answer of model "${endpoint.model}": "${endpoint.url}" did not send a message; is it an endpoint of the Messages API?`,
    );
  }
  return body as unknown as ModelResponse;
}

function toError(endpoint: Endpoint, watchdog: IdleWatchdog, error: unknown): ToolscriptError {
  return (
    watchdog.toError(`call model "${endpoint.model}"`, error) ??
    (error instanceof ToolscriptError ? error : toConnectionError(endpoint.model, endpoint.url, error))
  );
}

function cutStreamError(endpoint: Endpoint): ToolscriptError {
  return new ToolscriptError(
    "model-failed",
    `Cannot read the answer of model "${endpoint.model}": the stream ended without "message_stop", so the connection was cut`,
  );
}

function toJsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Gateways answer errors in HTML or plain text; the caller reports it as it is.
    return text;
  }
}

function lowerCaseKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
