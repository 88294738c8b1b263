/**
 * The first attempt of a request, past the AWS SDK's middleware.
 *
 * The middleware costs about half a millisecond of processor time a request, more than everything else in it. A request
 * that succeeds at once needs nothing of it but the signature: address and headers are the same each time. So the SDK
 * prepares the first request of an operation; that one is kept as a template, and later ones are copies with a body and
 * a signature of their own, sent over the SDK's own connections.
 *
 * Guarantee: nothing is decided here. An answer that is no success, and a connection that fails, are handed to the SDK as
 * what its own first attempt came to (`replaying()`), so its retries, its backoff and its errors are as ever. What is not
 * understood (the adaptive retry mode, which paces first attempts too; an SDK of another make) is left to the SDK.
 */
import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import { HttpRequest, type HttpResponse } from "@smithy/protocol-http";
import { isRecord } from "../is-record.ts";

/** What a first attempt came to. A response is no success, and nobody has read it. */
export type Attempt<Value> =
  | { readonly value: Value }
  | { readonly response: HttpResponse }
  | { readonly error: unknown };

const FAILED_ATTEMPT = Symbol("toolscript.failed-attempt");

/** What the SDK passes from `send()` to its request handler. */
interface SendOptions {
  readonly abortSignal?: AbortSignal;
  [FAILED_ATTEMPT]?: Attempt<never>;
}

/** The SDK's side of the network. */
interface SdkHandler {
  handle(request: HttpRequest, options?: SendOptions): Promise<{ response: HttpResponse }>;
}

/** Options with which the SDK's `send()` begins with an attempt that has failed already. */
export function replaying(attempt: Attempt<never> | undefined): SendOptions {
  return attempt === undefined ? {} : { [FAILED_ATTEMPT]: attempt };
}

/** Makes a handler answer with a failed attempt, once, where there is one. */
function replayFailedAttempts(handler: SdkHandler): void {
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options = {}) => {
    const attempt = options[FAILED_ATTEMPT];
    if (attempt === undefined) return await handle(request, options);
    delete options[FAILED_ATTEMPT];
    if ("error" in attempt) throw attempt.error;
    return attempt as { response: HttpResponse };
  };
}

/** A request of the SDK's, ready but for body and signature. */
interface Template {
  readonly request: HttpRequest;
  readonly auth: SelectedAuth;
}

/** What the SDK has chosen to sign with (`SelectedHttpAuthScheme` of its types). */
interface SelectedAuth {
  readonly httpAuthOption: { readonly signingProperties?: Readonly<Record<string, unknown>> };
  readonly identity: { readonly expiration?: Date };
  readonly signer: Signer;
}

interface Signer {
  sign(
    request: HttpRequest,
    identity: SelectedAuth["identity"],
    properties: Record<string, unknown>,
  ): Promise<HttpRequest>;
  successHandler?(response: HttpResponse, properties: Record<string, unknown>): void;
}

/** Headers that belong to one request alone. */
const OWN_HEADERS = new Set([
  "authorization",
  "content-length",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
  "amz-sdk-invocation-id",
  "amz-sdk-request",
]);

/** The SDK renews an identity so long before its end, in milliseconds; then it also renews the template. */
const RENEWAL_MS = 300_000;

/** First attempts over one client of the SDK. */
export class FirstAttempts {
  readonly #client: BedrockRuntimeClient;
  readonly #templates = new Map<string, Template>();

  constructor(client: BedrockRuntimeClient) {
    this.#client = client;
    keepSigner(client);
    replayFailedAttempts(client.config.requestHandler as unknown as SdkHandler);
    client.middlewareStack.add(
      (next, context) => (args) => {
        const auth: unknown = (context["__smithy_context"] as Record<string, unknown> | undefined)?.[
          "selectedHttpAuthScheme"
        ];
        if (isSelectedAuth(auth) && HttpRequest.isInstance(args.request)) {
          this.#templates.set(String(context.commandName), { request: toBare(args.request), auth });
        }
        return next(args);
      },
      { step: "finalizeRequest", priority: "low", name: "toolscriptTemplateMiddleware" },
    );
  }

  /**
   * Sends `body` and takes a success with `read`.
   *
   * @param command - name of the SDK's command, for example "InvokeModelCommand"; the client calls one model with it
   * @returns undefined when the SDK has to make the first attempt itself
   */
  async send<Value>(
    command: string,
    body: string,
    { signal, read }: { signal: AbortSignal; read: (response: HttpResponse) => Value | Promise<Value> },
  ): Promise<Attempt<Value> | undefined> {
    const template = this.#templates.get(command);
    const strategy = await this.#client.config.retryStrategy();
    if (template === undefined || Reflect.get(strategy, "mode") !== "standard") return undefined;
    if (!isLasting(template.auth)) return undefined;
    try {
      const response = await this.#exchange(template, body, signal);
      if (response.statusCode < 200 || response.statusCode > 299) return { response };
      const value = await read(response);
      // Each success gives back some of what failures have taken from the quota of retries.
      if ("recordSuccess" in strategy) {
        strategy.recordSuccess(await strategy.acquireInitialRetryToken(""));
      }
      return { value };
    } catch (error) {
      return { error };
    }
  }

  async #exchange({ request, auth }: Template, body: string, signal: AbortSignal): Promise<HttpResponse> {
    const properties = { ...auth.httpAuthOption.signingProperties };
    const copy = HttpRequest.clone(request);
    copy.body = body;
    copy.headers["content-length"] = String(Buffer.byteLength(body));
    const signed = await auth.signer.sign(copy, auth.identity, properties);
    const handler = this.#client.config.requestHandler as unknown as SdkHandler;
    const { response } = await handler.handle(signed, { abortSignal: signal });
    // Corrects the clock that the next signatures are made with.
    auth.signer.successHandler?.(response, properties);
    return response;
  }
}

/** The SDK makes a signer for each request; one does for all, as region and service are the client's. */
function keepSigner({ config }: BedrockRuntimeClient): void {
  const make = config.signer;
  let made: ReturnType<typeof make> | undefined;
  config.signer = (scheme) => (made ??= make(scheme));
}

function isSelectedAuth(value: unknown): value is SelectedAuth {
  const signer: unknown = isRecord(value) ? value["signer"] : undefined;
  return (
    isRecord(value) &&
    isRecord(value["identity"]) &&
    typeof Reflect.get(Object(signer), "sign") === "function"
  );
}

function isLasting({ identity: { expiration } }: SelectedAuth): boolean {
  return expiration === undefined || expiration.getTime() - Date.now() > RENEWAL_MS;
}

function toBare(request: HttpRequest): HttpRequest {
  const bare = HttpRequest.clone(request);
  bare.body = undefined;
  bare.headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase())),
  );
  return bare;
}
