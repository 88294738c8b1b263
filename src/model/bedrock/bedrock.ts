/**
 * Models on Amazon Bedrock, as the project's `Model`.
 *
 * Claude is called in its own body over InvokeModel and InvokeModelWithResponseStream; every other family over Converse
 * and ConverseStream, translated both ways. The AWS SDK (an optional peer) signs, retries and decodes. A stream that
 * ends without its last event is an error, and an abort really ends the request.
 */
import { ToolscriptError } from "../../errors.ts";
import { writeJson } from "../../json/write-json.ts";
import { tell } from "../../observer.ts";
import { DEFAULT_MODEL_TIMEOUT_MS, IdleWatchdog, checkTimeoutMs } from "../idle-watchdog.ts";
import type { MessageEvent, Model, ModelCallOptions, ModelRequest } from "../model.ts";
import type { BedrockCaller, CallContext } from "./bedrock-caller.ts";
import { toBedrockError } from "./bedrock-error.ts";
import { connectBedrock, type BedrockConnection } from "./bedrock-client.ts";
import type { BedrockConnectionOptions } from "./connection-options.ts";
import { createConverseCaller } from "./converse.ts";
import { createInvokeCaller } from "./invoke.ts";
import { chooseApi, type BedrockApi } from "./model-id.ts";
import { withBody } from "./written-command.ts";
import { withRetryNotices } from "./retry-notice.ts";

export type { BedrockConnectionOptions, BedrockCredentials } from "./connection-options.ts";
export type { BedrockApi } from "./model-id.ts";
export { stripRequest } from "./strip-request.ts";
export type { StripOptions, StrippedField, StrippedRequest } from "./strip-request.ts";

/** Options of {@link bedrock}. */
export interface BedrockOptions extends BedrockConnectionOptions {
  /**
   * Id of the model that an ARN stands for which does not name it (application inference profiles, provisioned models,
   * custom deployments), such as `anthropic.claude-sonnet-5`: the API and what the model takes follow from it.
   *
   * @default the model id itself
   */
  baseModel?: string;
  /**
   * Forces the API.
   *
   * @default "invoke" for Claude models, "converse" for all others
   */
  api?: BedrockApi;
  /**
   * Longest silence in milliseconds: until the first byte, and between two events of a stream; at most 3600000. Without
   * streaming the whole answer must arrive in it.
   *
   * @default 600000
   */
  timeoutMs?: number;
  /** `anthropic_version` of the body; models from 4.7 on also know "2026-10-21". @default "bedrock-2023-05-31" */
  anthropicVersion?: string;
  /** Betas of Claude models; those that InvokeModel does not take are left out. */
  betas?: readonly string[];
  /** Parameters of one model family that Converse has no field for. */
  additionalModelRequestFields?: Readonly<Record<string, unknown>>;
}

/**
 * A model on Amazon Bedrock.
 *
 * @param modelId a base id, an inference profile (`global.…`, `us.…`) or an ARN
 * @throws {ToolscriptError} `invalid-argument` when an option cannot be used
 *
 * @example
 * const model = bedrock("global.anthropic.claude-sonnet-5", { region: "eu-central-1" });
 * const answer = await model.create({ max_tokens: 1000, messages: [{ role: "user", content: "Hello" }] });
 */
export function bedrock(modelId: string, options: BedrockOptions = {}): Model {
  if (modelId.trim() === "") {
    throw new ToolscriptError("invalid-argument", 'Cannot use Bedrock model "": want a model id or an ARN');
  }
  const timeoutMs = checkTimeoutMs(options.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS);
  const baseModel = options.baseModel ?? modelId;
  const isInvoked = (options.api ?? chooseApi(baseModel)) === "invoke";
  const caller = isInvoked ? createInvokeCaller(options) : createConverseCaller(options);
  let connection: Promise<BedrockConnection> | undefined;
  const connect = (): Promise<BedrockConnection> => (connection ??= connectBedrock(options));
  const action = `call Bedrock model "${modelId}"`;

  async function* stream(request: ModelRequest, call: ModelCallOptions = {}): AsyncGenerator<MessageEvent> {
    // Loading the SDK is no silence of the model's: the watch begins after it.
    const ready = await connect();
    const watchdog = new IdleWatchdog(timeoutMs, call.signal);
    try {
      watchdog.throwIfAborted(action);
      yield* caller.stream(openCall(ready, { modelId, baseModel }, watchdog, call), request);
      watchdog.complete();
    } catch (error) {
      throw watchdog.toError(action, error) ?? toBedrockError(error, modelId);
    } finally {
      watchdog.end();
    }
  }

  async function once<Value>(
    call: ModelCallOptions,
    work: (context: CallContext) => Promise<Value>,
  ): Promise<Value> {
    const ready = await connect();
    const watchdog = new IdleWatchdog(timeoutMs, call.signal);
    try {
      watchdog.throwIfAborted(action);
      const value = await work(openCall(ready, { modelId, baseModel }, watchdog, call));
      watchdog.complete();
      return value;
    } catch (error) {
      throw watchdog.toError(action, error) ?? toBedrockError(error, modelId);
    } finally {
      watchdog.end();
    }
  }

  return {
    id: `bedrock:${modelId}`,
    scripted: false,
    stream,
    create: (request, call = {}) => once(call, (context) => caller.create(context, request)),
    countTokens: (request, call = {}) => once(call, (context) => countTokens(context, caller, request)),
  };
}

async function countTokens(
  context: CallContext,
  caller: BedrockCaller,
  request: ModelRequest,
): Promise<number> {
  const { sdk, modelId, baseModel } = context;
  const input = await caller.toCountInput(request, baseModel);
  const command = withBody(
    new sdk.CountTokensCommand({ modelId, input: undefined }),
    await writeJson({ input }),
  );
  const { inputTokens } = await context.send(command);
  return inputTokens ?? 0;
}

function openCall(
  connection: BedrockConnection,
  names: Pick<CallContext, "modelId" | "baseModel">,
  watchdog: IdleWatchdog,
  call: ModelCallOptions,
): CallContext {
  const { client, firstAttempts } = connection;
  const { signal } = watchdog;
  const send = ((command: Parameters<typeof client.send>[0], options?: object) =>
    withRetryNotices(
      (notice) => {
        watchdog.touch(notice.delayMs);
        tell(call.onNotice, notice);
      },
      () => watchdog.guard(client.send(command, { ...options, abortSignal: signal })),
    )) as typeof client.send;
  return {
    ...connection,
    ...names,
    watchdog,
    send,
    attempt: (command, body, read) => watchdog.guard(firstAttempts.send(command, body, { signal, read })),
  };
}
