/**
 * What can be wrong with an answer that came. That none came is an error of the connection's own.
 */

/** Of what the daemon says, this much is told. */
const MAX_SAID_CHARACTERS = 1_000;

/** The daemon refused. The message is its own. */
export class EngineStatusError extends Error {
  override readonly name = "EngineStatusError";
  readonly statusCode: number;

  constructor(statusCode: number, body: string) {
    super(readMessage(body).trim().slice(0, MAX_SAID_CHARACTERS) || `status ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/** What answers does not speak the daemon's API, or is broken. The message completes "the answer …". */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
}

/** Errors of the API are `{"message": "…"}`; those of something in between are whatever they are. */
function readMessage(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : body;
  } catch {
    return body;
  }
}
