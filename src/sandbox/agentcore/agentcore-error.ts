/**
 * What the AWS SDK throws, as the project's own errors, and which of them are worth another try.
 *
 * `data` holds `status`, `requestId` and `exception` when the service gave them. It never contains credentials.
 */
import {
  isToolscriptError,
  shorten,
  toErrorMessage,
  ToolscriptError,
  type ToolscriptErrorCode,
} from "../../errors.ts";

/** Characters of what the service said that an error shows. */
const SHOWN_CHARACTERS = 1_000;

/** What was being done. */
export type AgentCoreAction = "start" | "invoke" | "stop" | "get";

/** Exception name → code, whatever was being done. */
const CODES: Readonly<Record<string, ToolscriptErrorCode>> = {
  AccessDeniedException: "agentcore-access",
  UnrecognizedClientException: "agentcore-access",
  InvalidSignatureException: "agentcore-access",
  IncompleteSignatureException: "agentcore-access",
  MissingAuthenticationTokenException: "agentcore-access",
  ExpiredTokenException: "agentcore-access",
  ExpiredToken: "agentcore-access",
  InvalidClientTokenId: "agentcore-access",
  CredentialsProviderError: "agentcore-access",
  TokenProviderError: "agentcore-access",
  UnknownOperationException: "agentcore-access",
  ServiceQuotaExceededException: "agentcore-quota",
  ThrottlingException: "agentcore-throttled",
  TooManyRequestsException: "agentcore-throttled",
};

/** Status → code, where no exception has a name. */
const STATUS_CODES: Readonly<Record<number, ToolscriptErrorCode>> = {
  401: "agentcore-access",
  402: "agentcore-quota",
  403: "agentcore-access",
  429: "agentcore-throttled",
};

const ACTIONS: Readonly<Record<AgentCoreAction, string>> = {
  start: "Starting an AgentCore session",
  invoke: "Running code in AgentCore",
  stop: "Stopping an AgentCore session",
  get: "Asking AgentCore for a session",
};

/** Statuses that may be gone at the next try. A conflict is a session that is still busy with something else. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504]);

/** Error codes of Node that may be gone at the next try. */
const PASSING_NETWORK = /ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|UND_ERR|socket hang up|aborted/;

/** Whether another try may help. A host that cannot be found will not be found then either. */
export function isPassing(thrown: unknown): boolean {
  if (isToolscriptError(thrown)) {
    return thrown.code === "agentcore-answer" || thrown.code === "sandbox-timeout";
  }
  const status = statusOf(thrown);
  if (status !== undefined && status !== 200) return PASSING_STATUSES.has(status);
  const name = nameOf(thrown);
  if (name === "ThrottlingException" || name === "InternalServerException" || name === "ConflictException") {
    return true;
  }
  return name === "TimeoutError" || PASSING_NETWORK.test(networkText(thrown));
}

/** The wait that the service asked for, in milliseconds; 0 when it named none. */
export function retryAfterMs(thrown: unknown): number {
  const response = field(thrown, "$response");
  const value = field(field(response, "headers"), "retry-after");
  const seconds = Number(value);
  return typeof value === "string" && seconds > 0 ? seconds * 1000 : 0;
}

/** The error for anything thrown. `subject` names the interpreter or the session. */
export function toAgentCoreError(thrown: unknown, action: AgentCoreAction, subject: string): ToolscriptError {
  if (isToolscriptError(thrown)) return thrown;
  const name = nameOf(thrown);
  const message = shorten(toErrorMessage(thrown), SHOWN_CHARACTERS);
  const status = statusOf(thrown);
  const what = `${ACTIONS[action]} "${subject}" failed`;
  if (message.startsWith("Region is missing")) {
    return new ToolscriptError(
      "invalid-argument",
      `${what}: no region is set; pass "region" or set AWS_REGION`,
      {
        cause: thrown,
      },
    );
  }
  const code = toCode(thrown, name, status, message, action);
  const hint = hintFor(code, name, message, action);
  const detail = (name === "" || name === "Error" ? message : `${name}: ${message}`).replace(/[.\s]+$/, "");
  return new ToolscriptError(code, `${what}: ${detail}${hint === "" ? "" : `; ${hint}`}`, {
    cause: thrown,
    data: toData(thrown, name, status),
  });
}

function toCode(
  thrown: unknown,
  name: string,
  status: number | undefined,
  message: string,
  action: AgentCoreAction,
): ToolscriptErrorCode {
  const isMissing = name === "ResourceNotFoundException" || status === 404;
  if (isMissing && name !== "UnknownOperationException") {
    return action === "start" ? "agentcore-access" : "agentcore-session-lost";
  }
  if (name === "ValidationException" && /session/i.test(message) && action !== "start") {
    return "agentcore-session-lost";
  }
  if (/ENOTFOUND/.test(networkText(thrown))) return "agentcore-access";
  if (Object.hasOwn(CODES, name)) return CODES[name] ?? "agentcore-failed";
  return (status === undefined ? undefined : STATUS_CODES[status]) ?? "agentcore-failed";
}

const HINTS: Partial<Record<ToolscriptErrorCode, string>> = {
  "agentcore-quota": "close sessions that are not needed, or ask for a higher quota",
  "agentcore-throttled": 'lower "invocationsPerSecond", raise "maxAttempts", or ask for a higher quota',
  "agentcore-session-lost":
    "it expired, was stopped or was lost; its variables are gone, open another session",
};

function hintFor(code: ToolscriptErrorCode, name: string, message: string, action: AgentCoreAction): string {
  if (code !== "agentcore-access") return HINTS[code] ?? "";
  if (name === "ResourceNotFoundException" && action === "start") {
    return 'check "identifier", and that this interpreter exists in the region';
  }
  if (name === "AccessDeniedException") {
    return "allow bedrock-agentcore:StartCodeInterpreterSession, InvokeCodeInterpreter and StopCodeInterpreterSession";
  }
  if (/ENOTFOUND/.test(message)) return 'check "region" and "endpoint": AgentCore is not in every region';
  if (/Provider/.test(name)) {
    return 'set AWS credentials (environment, profile, SSO login or role), or pass "credentials"';
  }
  return "check the credentials, their region, and this machine's clock";
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? shorten(toErrorMessage(thrown.name)) : "";
}

function statusOf(thrown: unknown): number | undefined {
  const status = field(field(thrown, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

function toData(thrown: unknown, name: string, status: number | undefined): Record<string, unknown> {
  const requestId = field(field(thrown, "$metadata"), "requestId");
  return {
    ...(status === undefined ? {} : { status }),
    ...(typeof requestId === "string" ? { requestId } : {}),
    ...(name === "" || name === "Error" ? {} : { exception: name }),
  };
}

function networkText(thrown: unknown): string {
  return shorten(`${toErrorMessage(field(thrown, "code"))} ${toErrorMessage(thrown)}`, SHOWN_CHARACTERS);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
