/**
 * Claude on Bedrock in its own body: InvokeModel and InvokeModelWithResponseStream.
 */
import type { ResponseStream } from "@aws-sdk/client-bedrock-runtime";
import type { HttpResponse } from "@smithy/protocol-http";
import { ToolscriptError } from "../../errors.ts";
import { JsonInBase64, writeJson, writeLightJson } from "../../json/write-json.ts";
import { runInShares } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { MessageEvent, ModelRequest, ModelResponse } from "../model.ts";
import { cutStreamError, type BedrockCaller, type CallContext } from "./bedrock-caller.ts";
import { checkInferenceGeo } from "./inference-geo.ts";
import { readEventStream, toText } from "./event-stream.ts";
import { replaying } from "./first-attempt.ts";
import type { RequestBody } from "./request-template.ts";
import { stripInSteps } from "./strip-request.ts";

/** The version that all Claude models on Bedrock know. */
const DEFAULT_ANTHROPIC_VERSION = "bedrock-2023-05-31";

const JSON_TYPE = { contentType: "application/json", accept: "application/json" };

/** What only Claude models take. */
export interface InvokeOptions {
  anthropicVersion?: string;
  betas?: readonly string[];
}

/**
 * Calls Claude models.
 *
 * @param identity - an id that names the model, for the rules of each
 */
export function createInvokeCaller(identity: string, options: InvokeOptions): BedrockCaller {
  const toValue = (context: CallContext, request: ModelRequest): Promise<ModelRequest> =>
    toBodyValue(context, request, identity, options);
  const toBody = async (context: CallContext, request: ModelRequest): Promise<RequestBody> => {
    const body = await toValue(context, request);
    return writeLightJson(body) ?? (await writeJson(body));
  };
  return {
    async *stream(context, request) {
      const { modelId, watchdog } = context;
      const parts = await openStream(context, await toBody(context, request));
      let isStopped = false;
      for await (const part of watchdog.watch(parts)) {
        const event = part.chunk?.bytes === undefined ? undefined : decodeEvent(part.chunk.bytes, modelId);
        if (event !== undefined) {
          isStopped ||= event.type === "message_stop";
          yield event;
        }
      }
      if (!isStopped) {
        throw cutStreamError(modelId);
      }
    },
    async create(context, request) {
      const body = await toBody(context, request);
      return decodeResponse(await invoke(context, body), context);
    },
    toCountInput: async (context, request) => ({
      invokeModel: { body: new JsonInBase64(await toValue(context, request)) },
    }),
  };
}

async function invoke(context: CallContext, body: RequestBody): Promise<Uint8Array> {
  const { sdk, modelId } = context;
  const first = await context.attempt("InvokeModelCommand", body, readBody);
  if (first !== undefined && "value" in first) {
    return first.value;
  }
  const command = new sdk.InvokeModelCommand({ modelId, body, ...JSON_TYPE });
  return (await context.send(command, replaying(first))).body;
}

async function readBody({ body }: HttpResponse): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function openStream(context: CallContext, body: RequestBody): Promise<AsyncIterable<ResponseStream>> {
  const { sdk, client, modelId } = context;
  const first = await context.attempt("InvokeModelWithResponseStreamCommand", body, (response) =>
    readEventStream(client.config.eventStreamMarshaller, response),
  );
  if (first !== undefined && "value" in first) {
    return first.value;
  }
  const command = new sdk.InvokeModelWithResponseStreamCommand({ modelId, body, ...JSON_TYPE });
  const { body: parts } = await context.send(command, replaying(first));
  if (parts === undefined) {
    throw cutStreamError(modelId);
  }
  return parts;
}

async function toBodyValue(
  context: CallContext,
  request: ModelRequest,
  modelId: string,
  options: InvokeOptions,
): Promise<ModelRequest> {
  checkInferenceGeo(request, context.modelId);
  const note = (path: () => string, reason: string): void => {
    const field = path();
    // What a history carries along was asked of an answer before, not of this one.
    if (!field.startsWith("messages.")) context.drop(field, reason);
  };
  const stripped = await runInShares(stripInSteps(request, { modelId, betas: options.betas ?? [] }, note));
  const version = options.anthropicVersion ?? stripped["anthropic_version"] ?? DEFAULT_ANTHROPIC_VERSION;
  return { ...stripped, anthropic_version: version };
}

function decodeEvent(bytes: Uint8Array, modelId: string): MessageEvent | undefined {
  const event = decodeJson(bytes, modelId);
  if (event["type"] === "error") {
    const error = isRecord(event["error"]) ? event["error"] : {};
    throw new ToolscriptError(
      error["type"] === "overloaded_error" || error["type"] === "rate_limit_error"
        ? "model-throttled"
        : "model-failed",
      `Cannot read the answer of Bedrock model "${modelId}": ${String(error["type"])}: ${String(error["message"])}`,
      { data: { exception: error["type"] } },
    );
  }
  // Frames without a type are keep-alives of gateways.
  return typeof event["type"] === "string" ? (event as unknown as MessageEvent) : undefined;
}

function decodeResponse(bytes: Uint8Array, { modelId }: CallContext): ModelResponse {
  const response = decodeJson(bytes, modelId);
  if (!Array.isArray(response["content"])) {
    throw new ToolscriptError(
      "model-failed",
      `Cannot read the answer of Bedrock model "${modelId}": it has no "content"; is this a model of another family? Set "api" to "converse"`,
    );
  }
  return response as unknown as ModelResponse;
}

function decodeJson(bytes: Uint8Array, modelId: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(toText(bytes));
    if (isRecord(value)) {
      return value;
    }
  } catch (error) {
    throw new ToolscriptError(
      "model-failed",
      `Cannot read the answer of Bedrock model "${modelId}": it is not whole JSON, so the connection was cut or a gateway answered`,
      {
        cause: error,
      },
    );
  }
  throw new ToolscriptError(
    "model-failed",
    `Cannot read the answer of Bedrock model "${modelId}": it is no JSON object`,
  );
}
