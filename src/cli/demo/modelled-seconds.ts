/**
 * What a real model's time would be under stated assumptions. Modelled, never measured: no model is called.
 */

/** Seconds of each request before the model starts: network, queue. */
export const MODEL_REQUEST_SECONDS = 0.8;
/** Tokens a second that the model reads. */
export const MODEL_READ_TOKENS_PER_SECOND = 8_000;
/** Tokens a second that the model writes. */
export const MODEL_WRITE_TOKENS_PER_SECOND = 60;

/** Tokens of a way. */
export interface ModelWork {
  readonly samples: number;
  /** Tokens read, all requests together. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Seconds that a model would take for the work. */
export function toModelledSeconds({ samples, inputTokens, outputTokens }: ModelWork): number {
  return (
    samples * MODEL_REQUEST_SECONDS +
    inputTokens / MODEL_READ_TOKENS_PER_SECOND +
    outputTokens / MODEL_WRITE_TOKENS_PER_SECOND
  );
}

/** The assumptions in a sentence. */
export function describeAssumptions(): string {
  return (
    `${MODEL_REQUEST_SECONDS} s for each request, ${MODEL_READ_TOKENS_PER_SECOND.toLocaleString("en-US")} tokens/s read, ` +
    `${MODEL_WRITE_TOKENS_PER_SECOND} tokens/s written`
  );
}
