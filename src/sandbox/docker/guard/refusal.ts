/**
 * A request that the guard does not let through. 403: the rules forbid it. 400: it is no request that can be judged.
 */

/** Thrown by the rules; the message is what the client reads. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: 400 | 403;

  constructor(status: 400 | 403, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** The rules forbid it. */
export function forbidden(reason: string): Refusal {
  return new Refusal(403, `The guard refused the request: ${reason}`);
}

/** It cannot be judged. */
export function malformed(reason: string): Refusal {
  return new Refusal(400, `The guard refused the request: ${reason}`);
}
