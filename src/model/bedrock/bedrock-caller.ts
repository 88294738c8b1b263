/**
 * What the two ways of calling Bedrock have in common: the open request they work on, and the error of a cut stream.
 */
import { ToolscriptError } from "../../errors.ts";
import type { IdleWatchdog } from "../idle-watchdog.ts";
import type { MessageEvent, ModelRequest, ModelResponse } from "../model.ts";
import type { BedrockConnection } from "./bedrock-client.ts";
import type { Attempt, ReadResponse } from "./first-attempt.ts";
import type { RequestBody } from "./request-template.ts";

/** Hears of a field that is not sent. */
export type NoteDrop = (field: string, reason: string) => void;

/** One request under way. */
export interface CallContext extends BedrockConnection {
  readonly modelId: string;
  readonly watchdog: IdleWatchdog;
  /** Sends a command; its retries are reported, and the silence begins anew with each. */
  readonly send: BedrockConnection["client"]["send"];
  /** Makes the first attempt of a command by a short way; undefined when there is none. */
  readonly attempt: <Value>(
    command: string,
    body: RequestBody,
    read: ReadResponse<Value>,
  ) => Promise<Attempt<Value> | undefined>;
  /** Tells that a field of the request is not sent, and why. */
  readonly drop: NoteDrop;
}

/** One way of calling Bedrock. It may throw whatever the SDK throws. */
export interface BedrockCaller {
  stream(context: CallContext, request: ModelRequest): AsyncIterable<MessageEvent>;
  create(context: CallContext, request: ModelRequest): Promise<ModelResponse>;
  /** The request as CountTokens takes it on the wire. */
  toCountInput(context: CallContext, request: ModelRequest): Promise<object>;
}

/** The error of a stream that ended before its last event. */
export function cutStreamError(modelId: string): ToolscriptError {
  return new ToolscriptError(
    "model-failed",
    `Cannot read the answer of Bedrock model "${modelId}": the stream ended before its last event, so the connection was cut`,
  );
}
