/**
 * Faults on demand: what can go wrong with an AgentCore request, and when.
 *
 * A fault waits until a request matches it and is used up after its number of times. Statuses and exception names are
 * those that the AWS SDK declares for the data plane.
 */
import { AwsHttpError } from "../aws-http/aws-error.ts";
import type { AgentCoreOperation, AgentCoreRequest } from "./request-log.ts";

/** An error answer by its everyday name. */
export type AgentCoreErrorKind =
  | "access-denied"
  | "conflict"
  | "internal"
  | "not-found"
  | "quota"
  | "throttled"
  | "unavailable"
  | "validation";

/** Something that goes wrong. */
export type AgentCoreFault =
  /** An error in place of an answer; nothing has run. */
  | { readonly kind: AgentCoreErrorKind; readonly message?: string; readonly retryAfterSeconds?: number }
  /** The work is done, but the answer is a 500. */
  | { readonly kind: "internal-after-run" }
  /** The work is done, but an exception frame comes in place of the result, for example `throttlingException`. */
  | { readonly kind: "stream-exception-after-run"; readonly exception: string }
  /** The connection ends: before anything runs, or after the work is done and before the answer. */
  | { readonly kind: "cut-before" | "cut-after" }
  /** The connection ends in the middle of the answer, or the answer is the stream's first half and a proper end. */
  | { readonly kind: "cut-answer" | "short-answer" }
  /** Standard output of the result ends early, in a whole and proper answer. */
  | { readonly kind: "truncated-output" }
  /** Standard output of the result is this, whatever ran. */
  | { readonly kind: "foreign-output"; readonly stdout: string }
  /** The session is gone before the request. */
  | { readonly kind: "session-gone" }
  /** The session's kernel is a new one before the request. */
  | { readonly kind: "kernel-restart" }
  /** The answer comes later. */
  | { readonly kind: "slow"; readonly ms: number };

/** When a fault strikes. */
export interface AgentCoreFaultOptions {
  /** How often. @default 1 */
  times?: number | "always";
  /** @default "invoke" */
  operation?: AgentCoreOperation;
  /** Which requests. @default all of the operation */
  when?: (request: AgentCoreRequest) => boolean;
}

type ErrorAnswer = readonly [status: number, exception: string, message: string];

const ERRORS: Readonly<Record<AgentCoreErrorKind, ErrorAnswer>> = {
  "access-denied": [403, "AccessDeniedException", "User is not authorized to perform this action."],
  conflict: [409, "ConflictException", "The request conflicts with the current state of the resource."],
  internal: [
    500,
    "InternalServerException",
    "The service encountered an internal error. Try your request again.",
  ],
  "not-found": [404, "ResourceNotFoundException", "The specified resource does not exist."],
  quota: [402, "ServiceQuotaExceededException", "The request would exceed a service quota of your account."],
  throttled: [429, "ThrottlingException", "Rate exceeded"],
  unavailable: [503, "ServiceUnavailableException", "Service Unavailable"],
  validation: [400, "ValidationException", "The input fails to satisfy the constraints of the service."],
};

/** The error answer of that kind. */
export function toErrorAnswer(
  kind: AgentCoreErrorKind,
  options: { message?: string | undefined; retryAfterSeconds?: number | undefined } = {},
): AwsHttpError {
  const [status, exception, message] = ERRORS[kind];
  const { retryAfterSeconds } = options;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return new AwsHttpError(status, exception, options.message ?? message, { headers });
}

/** Whether a fault is an error in place of an answer. */
export function isErrorFault(
  fault: AgentCoreFault,
): fault is Extract<AgentCoreFault, { kind: AgentCoreErrorKind }> {
  return Object.hasOwn(ERRORS, fault.kind);
}

interface ArmedFault {
  readonly fault: AgentCoreFault;
  readonly options: AgentCoreFaultOptions;
  left: number;
}

/** The faults that wait for a request. */
export class AgentCoreFaultQueue {
  #armed: ArmedFault[] = [];

  /** Arms a fault; the returned function disarms it. */
  add(fault: AgentCoreFault, options: AgentCoreFaultOptions = {}): () => void {
    const { times = 1 } = options;
    const armed: ArmedFault = { fault, options, left: times === "always" ? Infinity : times };
    this.#armed.push(armed);
    return () => {
      armed.left = 0;
    };
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed = [];
  }

  /** The fault that strikes this request, if any; it is used up once. */
  take(request: AgentCoreRequest): AgentCoreFault | undefined {
    this.#armed = this.#armed.filter((armed) => armed.left > 0);
    const found = this.#armed.find(
      ({ options: { operation = "invoke", when = () => true } }) =>
        operation === request.operation && when(request),
    );
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  }
}
