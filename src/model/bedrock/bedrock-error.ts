/**
 * What the AWS SDK throws, as the project's own error: a code to switch on, and a sentence that says what to do.
 *
 * `data` holds `status`, `requestId` and `exception` when the service gave them. Exceptions that arrive in mid-stream
 * are mapped alike. It never contains credentials.
 */
import { ToolscriptError, toErrorMessage, type ToolscriptErrorCode } from "../../errors.ts";
import { isRecord } from "../is-record.ts";

/** Exception name → code. Statuses as the SDK declares them for Bedrock Runtime. */
const CODES: Readonly<Record<string, ToolscriptErrorCode>> = {
  ValidationException: "model-request",
  ResourceNotFoundException: "model-request",
  ConflictException: "model-request",
  SerializationException: "model-request",
  RequestEntityTooLargeException: "model-request",
  AccessDeniedException: "model-access",
  UnrecognizedClientException: "model-access",
  InvalidSignatureException: "model-access",
  IncompleteSignatureException: "model-access",
  MissingAuthenticationTokenException: "model-access",
  ExpiredTokenException: "model-access",
  ExpiredToken: "model-access",
  InvalidClientTokenId: "model-access",
  CredentialsProviderError: "model-access",
  TokenProviderError: "model-access",
  ThrottlingException: "model-throttled",
  TooManyRequestsException: "model-throttled",
  ServiceQuotaExceededException: "model-throttled",
  ModelNotReadyException: "model-throttled",
  ServiceUnavailableException: "model-throttled",
  ModelTimeoutException: "model-timeout",
  TimeoutError: "model-timeout",
  ModelErrorException: "model-failed",
  ModelStreamErrorException: "model-failed",
  InternalServerException: "model-failed",
};

/** The error for anything thrown while `modelId` was called. */
export function toBedrockError(thrown: unknown, modelId: string): ToolscriptError {
  if (thrown instanceof ToolscriptError) {
    return thrown;
  }
  const name = thrown instanceof Error ? thrown.name : "";
  const message = toErrorMessage(thrown);
  if (message.startsWith("Region is missing")) {
    return new ToolscriptError(
      "invalid-argument",
      `Cannot call Bedrock model "${modelId}": no region is set; pass "region" or set AWS_REGION`,
      { cause: thrown },
    );
  }
  const status = statusOf(thrown);
  const code = CODES[name] ?? codeOfStatus(status);
  const hint = hintFor(name, message, code, thrown);
  const what = name === "" || name === "Error" ? message : `${name}: ${message}`;
  return new ToolscriptError(
    code,
    `Cannot call Bedrock model "${modelId}": ${trimEnd(what)}${hint === "" ? "" : `; ${hint}`}`,
    { cause: thrown, data: dataOf(thrown, name, status) },
  );
}

function codeOfStatus(status: number | undefined): ToolscriptErrorCode {
  if (status === 401 || status === 403) {
    return "model-access";
  }
  if (status === 429 || status === 503 || status === 529) {
    return "model-throttled";
  }
  return status !== undefined && status >= 400 && status < 500 ? "model-request" : "model-failed";
}

function hintFor(name: string, message: string, code: ToolscriptErrorCode, thrown: unknown): string {
  if (/on-demand throughput/.test(message)) {
    return 'use the id of an inference profile, for example "global." or "us." before the model id';
  }
  if (/model identifier is invalid/.test(message) || name === "ResourceNotFoundException") {
    return "check the model id, and that the model exists in this region";
  }
  if (/API Key is valid/i.test(message)) {
    return 'check "apiKey" or AWS_BEARER_TOKEN_BEDROCK: the key must be of this region and not expired';
  }
  if (name === "AccessDeniedException") {
    return "ask for access to the model in the Bedrock console, and allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream";
  }
  if (name === "CredentialsProviderError" || name === "TokenProviderError") {
    return 'set AWS credentials (environment, profile, SSO login or role), or pass "credentials" or "apiKey"';
  }
  if (code === "model-access") {
    return "check the credentials, their region, and this machine's clock";
  }
  if (name === "ModelNotReadyException") {
    return "the model is being loaded; try again in a minute";
  }
  if (code === "model-throttled") {
    return 'wait and try again, raise "maxAttempts", or ask for a higher quota';
  }
  return networkHint(message, thrown);
}

function networkHint(message: string, thrown: unknown): string {
  const code: unknown = isRecord(thrown) ? thrown["code"] : undefined;
  return /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(
    `${String(code)} ${message}`,
  )
    ? 'check "region", "endpoint" and the network'
    : "";
}

function statusOf(thrown: unknown): number | undefined {
  const metadata: unknown = isRecord(thrown) ? thrown["$metadata"] : undefined;
  const status: unknown = isRecord(metadata) ? metadata["httpStatusCode"] : undefined;
  return typeof status === "number" ? status : undefined;
}

function dataOf(thrown: unknown, name: string, status: number | undefined): Record<string, unknown> {
  const metadata: unknown = isRecord(thrown) ? thrown["$metadata"] : undefined;
  const requestId: unknown = isRecord(metadata) ? metadata["requestId"] : undefined;
  return {
    ...(status === undefined ? {} : { status }),
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(name === "" || name === "Error" ? {} : { exception: name }),
  };
}

function trimEnd(text: string): string {
  return text.replace(/[.\s]+$/, "");
}
