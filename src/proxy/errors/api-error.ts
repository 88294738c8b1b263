/**
 * A refusal as the Messages API words it: a status, a type and a message. It is a fact of the wire and never leaves the
 * proxy; failures of our own are `ToolscriptError` and become one of these in `to-api-error.ts`.
 */

import { redactKeys } from "./redact.ts";
import { toShownText } from "./shown-text.ts";

/** The error types of the Messages API. */
export type ApiErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "billing_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "request_too_large"
  | "rate_limit_error"
  | "api_error"
  | "timeout_error"
  | "overloaded_error";

/** Type → HTTP status, as the Messages API documents it. */
export const API_ERROR_STATUS: Readonly<Record<ApiErrorType, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Options of {@link ApiError}. */
export interface ApiErrorOptions {
  readonly cause?: unknown;
  /** @default the status that belongs to the type */
  readonly status?: number;
  /** Headers of the response, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What a program can read: `error.details` of the body. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A refusal on its way to the client. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly type: ApiErrorType;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(type: ApiErrorType, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = type;
    this.status = options.status ?? API_ERROR_STATUS[type];
    this.headers = options.headers ?? {};
    this.details = options.details;
  }
}

/** A 400: the request is wrong. */
export function invalidRequest(message: string): ApiError {
  return new ApiError("invalid_request_error", message);
}

/** The body that clients parse. */
export interface ApiErrorBody {
  readonly type: "error";
  readonly error: {
    readonly type: ApiErrorType;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly request_id: string;
}

/** The JSON of an error, for a response or an SSE `error` event: without keys, and with no long text. */
export function toErrorBody(error: ApiError, requestId: string): ApiErrorBody {
  const { type, details } = error;
  const message = redactKeys(toShownText(error.message));
  return { type: "error", error: { type, message, ...(details && { details }) }, request_id: requestId };
}
