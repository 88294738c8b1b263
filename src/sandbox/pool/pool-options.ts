/**
 * The options of a pool, checked and with their defaults filled in.
 */
import * as z from "zod";
import { ToolscriptError } from "../../errors.ts";
import type { PoolOptions } from "../pool.ts";

/** Sessions at a time: in use, ready and starting. */
export const DEFAULT_MAX_OPEN = 200;
/** Starts at a time while somebody waits. */
export const DEFAULT_MAX_CONCURRENT_STARTS = 8;
/** Starts at a time while nobody waits. */
export const DEFAULT_MAX_CONCURRENT_REFILLS = 2;
/** Milliseconds after the latest session was taken in which nothing is started ahead. */
export const DEFAULT_REFILL_DELAY_MS = 250;
/** Those who may wait. */
export const DEFAULT_MAX_QUEUE = 1_000;
/** Milliseconds that one may wait. */
export const DEFAULT_QUEUE_TIMEOUT_MS = 30_000;
/** Milliseconds after which a session that nobody took is replaced: 30 minutes. */
export const DEFAULT_MAX_AGE_MS = 1_800_000;

/** Options with every default filled in. */
export type PoolSettings = Required<Omit<PoolOptions, "onEvent">> & Pick<PoolOptions, "onEvent">;

const count = z.int().min(0).max(100_000);
const milliseconds = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const optionsSchema = z.strictObject({
  size: count,
  maxOpen: count.min(1).optional(),
  maxConcurrentStarts: count.min(1).optional(),
  maxConcurrentRefills: count.min(1).optional(),
  refillDelayMs: z.int().min(0).max(60_000).optional(),
  maxQueue: count.optional(),
  queueTimeoutMs: milliseconds.optional(),
  maxAgeMs: milliseconds.optional(),
  onEvent: z
    .custom<(event: unknown) => void>((value) => typeof value === "function", "expected a function")
    .optional(),
});

/** Checks options and fills in the defaults. @throws {ToolscriptError} `invalid-argument` */
export function resolvePoolOptions(options: PoolOptions): PoolSettings {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error).replaceAll("\n", " "), parsed.error);
  const {
    size,
    maxOpen = Math.max(DEFAULT_MAX_OPEN, size),
    maxConcurrentStarts = DEFAULT_MAX_CONCURRENT_STARTS,
    maxConcurrentRefills = DEFAULT_MAX_CONCURRENT_REFILLS,
    refillDelayMs = DEFAULT_REFILL_DELAY_MS,
    maxQueue = DEFAULT_MAX_QUEUE,
    queueTimeoutMs = DEFAULT_QUEUE_TIMEOUT_MS,
    maxAgeMs = DEFAULT_MAX_AGE_MS,
    onEvent,
  } = options;
  if (size > maxOpen) throw invalid(`\`size\` is "${size}", wanted at most \`maxOpen\`, "${maxOpen}"`);
  return {
    size,
    maxOpen,
    maxConcurrentStarts,
    maxConcurrentRefills,
    refillDelayMs,
    maxQueue,
    queueTimeoutMs,
    maxAgeMs,
    ...(onEvent === undefined ? {} : { onEvent }),
  };
}

function invalid(reason: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Reading the options of a pool failed: ${reason}`, {
    cause,
  });
}
