/**
 * The first attempt of a request, past the AWS SDK's middleware.
 *
 * The middleware costs about half a millisecond of processor time a request, more than everything else in it. A request
 * that succeeds at once needs nothing of it but a signature. So the SDK prepares the first request of an operation; that
 * one is kept as a template, and later ones are copies of it, sent over the SDK's own connections.
 *
 * Guarantee: nothing is decided here. An answer that is no success, and a connection that fails, are handed to the SDK as
 * what its own first attempt came to (`replaying()`), so its retries, its backoff and its errors are as ever. What is not
 * understood (the adaptive retry mode, which paces first attempts too; an SDK of another make) is left to the SDK.
 */
import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import type { HttpRequest, HttpResponse } from "@smithy/protocol-http";
import { type RequestBody, type RequestTemplate, toRequestTemplate } from "./request-template.ts";

/** What a first attempt came to. A response is no success, and nobody has read it. */
export type Attempt<Value> = { readonly value: Value } | FailedAttempt;

/** A first attempt that the SDK has to go on from. */
export type FailedAttempt = { readonly response: HttpResponse } | { readonly error: unknown };

/** How a response that is a success is taken. */
export type ReadResponse<Value> = (response: HttpResponse) => Promise<Value>;

const FAILED_ATTEMPT = Symbol("toolscript.failed-attempt");

/** What the SDK passes from `send()` to its request handler. */
interface SendOptions {
  readonly abortSignal?: AbortSignal;
  [FAILED_ATTEMPT]?: FailedAttempt;
}

/** The SDK's side of the network. */
interface SdkHandler {
  handle(request: HttpRequest, options?: SendOptions): Promise<{ response: HttpResponse }>;
}

/** Options with which the SDK's `send()` begins with an attempt that has failed already. */
export function replaying(attempt: FailedAttempt | undefined): SendOptions {
  return attempt === undefined ? {} : { [FAILED_ATTEMPT]: attempt };
}

/** Makes a handler answer with a failed attempt, once, where there is one. */
function replayFailedAttempts(handler: SdkHandler): void {
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options = {}) => {
    const attempt = options[FAILED_ATTEMPT];
    if (attempt === undefined) {
      return await handle(request, options);
    }
    delete options[FAILED_ATTEMPT];
    if ("error" in attempt) {
      throw attempt.error;
    }
    return attempt;
  };
}

/** First attempts over one client of the SDK. */
export class FirstAttempts {
  readonly #client: BedrockRuntimeClient;
  readonly #handler: SdkHandler;
  /** By command; undefined until the SDK has prepared one. A command that nobody asked for is not in it. */
  readonly #templates = new Map<string, RequestTemplate | undefined>();

  constructor(client: BedrockRuntimeClient) {
    this.#client = client;
    this.#handler = client.config.requestHandler;
    replayFailedAttempts(this.#handler);
    client.middlewareStack.add(
      (next, context) => (args) => {
        const command = String(context.commandName);
        if (this.#templates.has(command)) {
          this.#templates.set(command, toRequestTemplate(args.request, context["__smithy_context"]));
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
    body: RequestBody,
    { signal, read }: { signal: AbortSignal; read: ReadResponse<Value> },
  ): Promise<Attempt<Value> | undefined> {
    const { systemClockOffset, retryStrategy } = this.#client.config;
    const strategy = await retryStrategy();
    const time = Date.now() + systemClockOffset;
    const template = this.#templates.get(command);
    if (template === undefined) {
      this.#templates.set(command, undefined);
    }
    const isPaced = Reflect.get(strategy, "mode") !== "standard";
    if (template === undefined || template.expiresAt < time || isPaced) {
      return undefined;
    }
    try {
      const request = template.toRequest(body, time);
      const { response } = await this.#handler.handle(request, { abortSignal: signal });
      if (response.statusCode < 200 || response.statusCode > 299) {
        return { response };
      }
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
}
