/**
 * An error as an AWS REST-JSON service answers it: a status, an exception name in `x-amzn-errortype`, a JSON message.
 *
 * Used inside the emulators to leave a request early; it never reaches a caller of Toolscript.
 */

/** An answer other than success. */
export class AwsHttpError extends Error {
  override readonly name = "AwsHttpError";
  /** HTTP status. */
  readonly status: number;
  /** Exception name, for example `ThrottlingException`. */
  readonly exception: string;
  /** More response headers, for example `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body, when the service does not answer `{"message": …}`. */
  readonly body: string;

  constructor(
    status: number,
    exception: string,
    message: string,
    options: { headers?: Readonly<Record<string, string>>; body?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.exception = exception;
    this.headers = options.headers ?? {};
    this.body = options.body ?? JSON.stringify({ message });
  }
}

/** The error that an AWS service returns for a route it does not have. */
export function unknownOperation(): AwsHttpError {
  return new AwsHttpError(404, "UnknownOperationException", "Unknown operation", {
    body: '{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}',
  });
}
