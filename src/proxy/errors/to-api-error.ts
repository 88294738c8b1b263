/**
 * Anything that was thrown, as the error that the client gets: the one table from our codes and Bedrock's exceptions to
 * the Messages API's errors.
 *
 * Guarantee: nothing of the host leaks. What the client cannot mend (our credentials, our sandbox, a bug) is a plain
 * `api_error`; the cause is kept for the log.
 */
import { ToolscriptError, type ToolscriptErrorCode, toErrorMessage } from "../../errors.ts";
import { ApiError, type ApiErrorType } from "./api-error.ts";

/** Codes whose message the client may read. */
const VISIBLE: Partial<Record<ToolscriptErrorCode, ApiErrorType>> = {
  "invalid-tool": "invalid_request_error",
  "model-request": "invalid_request_error",
  "model-throttled": "rate_limit_error",
  "model-timeout": "timeout_error",
  "model-failed": "api_error",
  "scenario-mismatch": "api_error",
  "pool-exhausted": "overloaded_error",
};

/** Bedrock's exceptions that say more than our code does. */
const EXCEPTIONS: Readonly<Record<string, ApiErrorType>> = {
  ResourceNotFoundException: "not_found_error",
  ThrottlingException: "rate_limit_error",
  ServiceQuotaExceededException: "rate_limit_error",
  ModelNotReadyException: "overloaded_error",
  ServiceUnavailableException: "overloaded_error",
  ModelTimeoutException: "timeout_error",
  overloaded_error: "overloaded_error",
  request_too_large: "request_too_large",
};

/** Statuses of an upstream that speaks the Messages API. */
const STATUSES: Readonly<Record<number, ApiErrorType>> = {
  402: "billing_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  529: "overloaded_error",
};

/** The error for the client. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isStackOverflow(thrown)) {
    return new ApiError("invalid_request_error", "The request is nested too deeply", { cause: thrown });
  }
  if (!(thrown instanceof ToolscriptError)) return internal(thrown);
  if (thrown.code === "aborted") return clientLeft(thrown);
  if (thrown.code === "model-access") return upstreamAccess(thrown);
  const type = toType(thrown);
  if (type === undefined) return internal(thrown);
  return new ApiError(type, toErrorMessage(thrown), { cause: thrown, headers: toHeaders(type, thrown) });
}

function toType({ code, data }: ToolscriptError): ApiErrorType | undefined {
  const visible = VISIBLE[code];
  if (visible === undefined || !code.startsWith("model-")) return visible;
  const { exception, status } = data;
  const byName = typeof exception === "string" ? EXCEPTIONS[exception] : undefined;
  return byName ?? (typeof status === "number" ? STATUSES[status] : undefined) ?? visible;
}

function toHeaders(type: ApiErrorType, { data }: ToolscriptError): Record<string, string> {
  if (type !== "rate_limit_error" && type !== "overloaded_error") return {};
  const { retryAfterMs } = data;
  if (typeof retryAfterMs !== "number") return {};
  return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

/** It is this server's role or key that lacks access: nothing that the client sent is wrong. */
function upstreamAccess(thrown: ToolscriptError): ApiError {
  return new ApiError(
    "api_error",
    "The server's own credentials were refused by the model service; its operator must mend that",
    { cause: thrown, headers: { "x-should-retry": "false" } },
  );
}

/** Nobody reads it; the log shows the status that is customary for this. */
function clientLeft(thrown: ToolscriptError): ApiError {
  return new ApiError("api_error", "The client left", { cause: thrown, status: 499 });
}

function internal(thrown: unknown): ApiError {
  return new ApiError("api_error", "Internal server error", { cause: thrown });
}

function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && /call stack/i.test(thrown.message);
}
