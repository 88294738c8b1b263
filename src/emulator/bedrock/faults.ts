/**
 * Faults on demand: what can go wrong with a Bedrock request, and when.
 *
 * A fault waits until a request matches it, is used up after its number of times, and is tried in the order of
 * declaration. Statuses and exception names are those that the AWS SDK declares for Bedrock Runtime.
 */
import { AwsHttpError } from "../aws-http/aws-error.ts";
import type { RecordedRequest } from "./request-log.ts";

/** An error answer by its everyday name. */
export type ErrorFaultKind =
  | "throttled"
  | "quota"
  | "validation"
  | "access-denied"
  | "not-found"
  | "model-not-ready"
  | "model-timeout"
  | "model-error"
  | "internal"
  | "unavailable";

/** Something that goes wrong. */
export type BedrockFault =
  /** An error in place of an answer. */
  | { readonly kind: ErrorFaultKind; readonly message?: string; readonly retryAfterSeconds?: number }
  /** An exception frame in mid-stream, after `afterEvents` events, for example `throttlingException`. */
  | {
      readonly kind: "stream-exception";
      readonly exception: StreamExceptionName;
      readonly afterEvents: number;
      readonly message?: string;
    }
  /** Delays: before the first byte of the answer, and between two events of a stream. */
  | { readonly kind: "slow"; readonly firstByteMs?: number; readonly betweenEventsMs?: number }
  /** The connection ends after `afterEvents` whole events, or after `afterBytes` bytes of the body. */
  | { readonly kind: "cut"; readonly afterEvents?: number; readonly afterBytes?: number }
  /** The stream ends as if all were well, after `afterEvents` events. */
  | { readonly kind: "short-stream"; readonly afterEvents: number };

/** Exceptions that Bedrock sends in mid-stream. */
export type StreamExceptionName =
  | "internalServerException"
  | "modelStreamErrorException"
  | "modelTimeoutException"
  | "serviceUnavailableException"
  | "throttlingException"
  | "validationException";

/** When a fault strikes. */
export interface FaultOptions {
  /** How often. @default 1 */
  times?: number | "always";
  /** Which requests. @default all */
  when?: (request: RecordedRequest) => boolean;
}

const ERRORS: Readonly<
  Record<ErrorFaultKind, readonly [status: number, exception: string, message: string]>
> = {
  throttled: [429, "ThrottlingException", "Too many requests, please wait before trying again."],
  quota: [400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account."],
  validation: [400, "ValidationException", "The provided request is not valid."],
  "access-denied": [
    403,
    "AccessDeniedException",
    "You don't have access to the model with the specified model ID.",
  ],
  "not-found": [
    404,
    "ResourceNotFoundException",
    "Could not resolve the foundation model from the provided model identifier.",
  ],
  "model-not-ready": [
    429,
    "ModelNotReadyException",
    "Model is not ready for inference. Wait and try your request again.",
  ],
  "model-timeout": [
    408,
    "ModelTimeoutException",
    "Model has timed out in processing the request. Try your request again.",
  ],
  "model-error": [
    424,
    "ModelErrorException",
    "The request failed due to an error while processing the model.",
  ],
  internal: [
    500,
    "InternalServerException",
    "The system encountered an unexpected error during processing. Try your request again.",
  ],
  unavailable: [503, "ServiceUnavailableException", "Bedrock is unable to process your request."],
};

/** The error answer of a fault; undefined for faults that are not one. */
export function toErrorAnswer(fault: BedrockFault | undefined): AwsHttpError | undefined {
  if (fault === undefined || !("kind" in fault) || !isErrorFault(fault)) {
    return undefined;
  }
  const [status, exception, message] = ERRORS[fault.kind];
  const headers =
    fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  return new AwsHttpError(status, exception, fault.message ?? message, { headers });
}

function isErrorFault(fault: BedrockFault): fault is Extract<BedrockFault, { kind: ErrorFaultKind }> {
  return Object.hasOwn(ERRORS, fault.kind);
}

interface ArmedFault {
  readonly fault: BedrockFault;
  readonly when: (request: RecordedRequest) => boolean;
  left: number;
}

/** The faults that wait for a request. */
export class FaultQueue {
  readonly #armed: ArmedFault[] = [];

  /** Arms a fault; the returned function disarms it. */
  add(fault: BedrockFault, options: FaultOptions = {}): () => void {
    const { times = 1, when = () => true } = options;
    const armed: ArmedFault = { fault, when, left: times === "always" ? Infinity : times };
    this.#armed.push(armed);
    return () => this.#remove(armed);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed.length = 0;
  }

  /** The fault that strikes this request, if any; it is used up once. */
  take(request: RecordedRequest): BedrockFault | undefined {
    const armed = this.#armed.find((candidate) => candidate.left > 0 && candidate.when(request));
    if (armed === undefined) {
      return undefined;
    }
    armed.left -= 1;
    if (armed.left <= 0) {
      this.#remove(armed);
    }
    return armed.fault;
  }

  #remove(armed: ArmedFault): void {
    const at = this.#armed.indexOf(armed);
    if (at >= 0) {
      this.#armed.splice(at, 1);
    }
  }
}
