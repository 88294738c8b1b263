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
import type { UnsupportedFields } from "./converse-context.ts";
import { createConverseCaller } from "./converse.ts";
import { createInvokeCaller } from "./invoke.ts";
import { chooseApi, toModelIdentity, type BedrockApi } from "./model-id.ts";
import { withBody } from "./written-command.ts";
import { withRetryNotices } from "./retry-notice.ts";

export type { BedrockConnectionOptions, BedrockCredentials } from "./connection-options.ts";
export type { BedrockApi } from "./model-id.ts";
export type { UnsupportedFields } from "./converse-context.ts";
export { stripRequest } from "./strip-request.ts";
export type { StripOptions, StrippedField, StrippedRequest } from "./strip-request.ts";

/** Options of {@link bedrock}. */
export interface BedrockOptions extends BedrockConnectionOptions {
  /**
   * Which model it is, where the id does not tell (application inference profiles, provisioned models, deployments): a
   * name of the Claude API (`claude-sonnet-5`) or a Bedrock id (`amazon.nova-pro-v1:0`). The API and the rules of the model
   * follow from it.
   *
   * @default what the id names
   */
  model?: string;
  /**
   * Forces the API.
   *
   * @default "invoke" for Claude models, "converse" for all others and for ids that name none
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
  /**
   * What becomes of a field that Converse has no form for and that the answer depends on, such as `thinking`: `refuse` is an
   * error that names it, `drop` leaves it out with a notice.
   *
   * @default "refuse"
   */
  unsupportedFields?: UnsupportedFields;
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
  const caller = createCaller(modelId, options);
  let connection: Promise<BedrockConnection> | undefined;
  const connect = (): Promise<BedrockConnection> => (connection ??= connectBedrock(options));
  const action = `call Bedrock model "${modelId}"`;

  async function* stream(request: ModelRequest, call: ModelCallOptions = {}): AsyncGenerator<MessageEvent> {
    // Loading the SDK is no silence of the model's: the watch begins after it.
    const ready = await connect();
    const watchdog = new IdleWatchdog(timeoutMs, call.signal);
    try {
      watchdog.throwIfAborted(action);
      yield* caller.stream(openCall(ready, modelId, watchdog, call), request);
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
      const value = await work(openCall(ready, modelId, watchdog, call));
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

function createCaller(modelId: string, options: BedrockOptions): BedrockCaller {
  const identity = toModelIdentity(modelId, options.model);
  return (options.api ?? chooseApi(identity)) === "invoke"
    ? createInvokeCaller(identity, options)
    : createConverseCaller(identity, options);
}

async function countTokens(
  context: CallContext,
  caller: BedrockCaller,
  request: ModelRequest,
): Promise<number> {
  const { sdk, modelId } = context;
  const input = await caller.toCountInput(context, request);
  const command = withBody(
    new sdk.CountTokensCommand({ modelId, input: undefined }),
    await writeJson({ input }),
  );
  const { inputTokens } = await context.send(command);
  return inputTokens ?? 0;
}

function openCall(
  connection: BedrockConnection,
  modelId: string,
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
    modelId,
    watchdog,
    send,
    drop: (field, reason) => tell(call.onNotice, { type: "dropped", field, reason }),
    attempt: (command, body, read) => watchdog.guard(firstAttempts.send(command, body, { signal, read })),
  };
}
