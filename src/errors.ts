/**
 * The one error class of the project. A caller switches on `code`; a person reads `message`.
 *
 * Wording: sentence case, the failed action, then the detail with the current and the wanted value,
 * quoted; no final period. Only our own failures are thrown: a script that fails is a result.
 */

/** What went wrong, as a stable word that programs may switch on. */
export type ToolscriptErrorCode =
  /** An option, argument or file handed to us has the wrong shape. */
  | "invalid-argument"
  /** A tool declaration cannot be used: bad schema, bad name, two tools with one alias. */
  | "invalid-tool"
  /** The runner sent something that the protocol does not allow; that session is over. */
  | "protocol-violation"
  /** Host and runner speak different protocol versions. */
  | "protocol-version"
  /** A frame is larger than the agreed maximum. */
  | "frame-too-large"
  /** A script or a request made the host work, or hold, more than is allowed; that session or request is over. */
  | "work-limit"
  /** The session was closed by its owner. */
  | "session-closed"
  /** The sandbox process, container or remote session ended by itself. */
  | "sandbox-ended"
  /** The sandbox was stopped because it used more memory than allowed. */
  | "sandbox-out-of-memory"
  /** The sandbox cannot be started here: something is not installed, not reachable or not permitted. */
  | "sandbox-unavailable"
  /** The sandbox did not become ready, or did not answer, before a deadline. */
  | "sandbox-timeout"
  /** A cell is already running in this session. */
  | "cell-running"
  /** A call id that is not waiting was answered. */
  | "unknown-call"
  /** Docker: no daemon answers at the configured address. */
  | "docker-unreachable"
  /** Docker: the daemon's socket refuses this user. */
  | "docker-permission"
  /** Docker: the image is not on this machine. */
  | "docker-image-missing"
  /** Docker: the image has no `python3`, or one that is too old. */
  | "docker-python-missing"
  /** Docker: the container was paused from outside. */
  | "docker-paused"
  /** Docker: the container was killed from outside. */
  | "docker-killed"
  /** Docker: the daemon stopped or was restarted while a session was live. */
  | "docker-daemon-lost"
  /** Docker: no space is left on the daemon's disk. */
  | "docker-disk-full"
  /** Docker: the daemon refused or failed a request. */
  | "docker-failed"
  /** The pool's queue is full, or the deadline in it passed. */
  | "pool-exhausted"
  /** AgentCore: identifier, region, credentials, permission. */
  | "agentcore-access"
  /** AgentCore: a quota of the account was reached (402). */
  | "agentcore-quota"
  /** AgentCore: the rate limit was reached again and again (429). */
  | "agentcore-throttled"
  /** AgentCore: the session expired or was lost. */
  | "agentcore-session-lost"
  /** AgentCore: the answer was cut off or is not ours. */
  | "agentcore-answer"
  /** AgentCore: any other failure of the service. */
  | "agentcore-failed"
  /** The model's service refused the request. */
  | "model-request"
  /** The model's service refused the credentials. */
  | "model-access"
  /** The model's service is throttling or overloaded. */
  | "model-throttled"
  /** The model's service failed, or the stream was cut. */
  | "model-failed"
  /** The model did not answer before the client timeout. */
  | "model-timeout"
  /** A scripted model has no turn for this request. */
  | "scenario-mismatch"
  /** The work was given up because its `signal` was aborted. */
  | "aborted";

/** Options of {@link ToolscriptError}. */
export interface ToolscriptErrorOptions {
  /** The error that caused this one. */
  cause?: unknown;
  /** Values behind the message, for programs. Never a secret. */
  data?: Readonly<Record<string, unknown>>;
}

/** Every failure of Toolscript itself. A script that fails is a result, not an error. */
export class ToolscriptError extends Error {
  override readonly name = "ToolscriptError";
  readonly code: ToolscriptErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ToolscriptErrorCode, message: string, options: ToolscriptErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** Whether `value` is a {@link ToolscriptError}, optionally with the given code. */
export function isToolscriptError(value: unknown, code?: ToolscriptErrorCode): value is ToolscriptError {
  return value instanceof ToolscriptError && (code === undefined || value.code === code);
}

/**
 * The message of anything that was thrown. Never throws itself: tools throw what parsers, queries and remote data give
 * them, such as objects without a prototype or with getters that fail.
 */
export function toErrorMessage(thrown: unknown): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown;
    return typeof message === "string" ? message : String(message);
  } catch {
    return `a thrown ${typeof thrown} that has no text`;
  }
}

/** Characters of somebody else's text that a message or a log line shows. */
export const MAX_SHOWN_CHARACTERS = 200;

/** A text from outside, cut so that it can stand in a message or a log line. */
export function shorten(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
