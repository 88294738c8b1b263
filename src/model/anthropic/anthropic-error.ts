/**
 * What a Messages API endpoint answers in error, as the project's own error.
 *
 * `data` holds `status`, `requestId` and `type` when the endpoint gave them.
 */
import { ToolscriptError, toErrorMessage, type ToolscriptErrorCode } from "../../errors.ts";
import { isRecord } from "../is-record.ts";

/** Error type of the Messages API → code. */
const CODES: Readonly<Record<string, ToolscriptErrorCode>> = {
  invalid_request_error: "model-request",
  not_found_error: "model-request",
  request_too_large: "model-request",
  conflict_error: "model-request",
  authentication_error: "model-access",
  permission_error: "model-access",
  billing_error: "model-access",
  rate_limit_error: "model-throttled",
  overloaded_error: "model-throttled",
  timeout_error: "model-timeout",
  api_error: "model-failed",
};

/** What is known of a failed answer. */
export interface FailedAnswer {
  readonly model: string;
  /** HTTP status; undefined for an `error` event in mid-stream. */
  readonly status?: number;
  /** The decoded body or event, or the text of a body that is not JSON. */
  readonly body: unknown;
  readonly requestId?: string;
}

/** The error for an error answer or an `error` event. */
export function toAnthropicError({ model, status, body, requestId }: FailedAnswer): ToolscriptError {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const type = typeof error["type"] === "string" ? error["type"] : undefined;
  const code = (type === undefined ? undefined : CODES[type]) ?? codeOfStatus(status);
  const what = typeof error["message"] === "string" ? error["message"] : describe(body);
  const where = status === undefined ? "the stream ended with an error" : `status ${status}`;
  const hint = hintFor(code);
  return new ToolscriptError(
    code,
    `Cannot call model "${model}": ${where}${type === undefined ? "" : `, ${type}`}: ${what.replace(/[.\s]+$/, "")}${hint === "" ? "" : `; ${hint}`}`,
    {
      data: {
        ...(status === undefined ? {} : { status }),
        ...(type === undefined ? {} : { type }),
        ...(requestId === undefined ? {} : { requestId }),
      },
    },
  );
}

/** The error for an endpoint that could not be reached, or a connection that broke. */
export function toConnectionError(model: string, url: string, thrown: unknown): ToolscriptError {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String(isRecord(cause) ? cause["code"] : ""))) {
    return new ToolscriptError(
      "model-timeout",
      `Cannot call model "${model}": Node's fetch heard nothing from "${url}" for 5 minutes; stream the answer, or pass a "fetch" with longer timeouts`,
      { cause: thrown },
    );
  }
  return new ToolscriptError(
    "model-failed",
    `Cannot call model "${model}": the connection to "${url}" failed: ${toErrorMessage(cause)}; check "baseUrl" and the network`,
    { cause: thrown },
  );
}

function codeOfStatus(status: number | undefined): ToolscriptErrorCode {
  if (status === 401 || status === 402 || status === 403) {
    return "model-access";
  }
  if (status === 429 || status === 503 || status === 529) {
    return "model-throttled";
  }
  if (status === 408 || status === 504) {
    return "model-timeout";
  }
  return status !== undefined && status >= 400 && status < 500 ? "model-request" : "model-failed";
}

function hintFor(code: ToolscriptErrorCode): string {
  if (code === "model-access") {
    return 'check "apiKey" and, for endpoints that want a bearer token, "auth"';
  }
  return code === "model-throttled" ? 'wait and try again, or raise "maxRetries"' : "";
}

function describe(body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return text === undefined || text === "" ? "no details" : text.slice(0, 300);
}
