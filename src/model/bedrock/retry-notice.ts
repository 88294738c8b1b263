/**
 * Makes the AWS SDK's retries visible.
 *
 * The SDK decides whether to retry, how often and after which backoff; this hooks into the strategy it has chosen (so
 * `AWS_RETRY_MODE` holds) and reports each retry before the wait. It changes one thing: a `retry-after` of the service
 * is honoured whole, up to a minute, where the SDK would wait at most five seconds more than its own backoff.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { RetryNotice } from "../model.ts";

/** Longest `retry-after` that is honoured, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;

/** What the SDK's strategies have in common (`RetryStrategyV2` of the SDK). */
export interface SdkRetryStrategy {
  refreshRetryTokenForRetry(token: SdkRetryToken, info: SdkRetryInfo): Promise<SdkRetryToken>;
}

interface SdkRetryToken {
  getRetryCount(): number;
  getRetryDelay(): number;
}

interface SdkRetryInfo {
  readonly error?: unknown;
  readonly retryAfterHint?: Date;
}

/** The pluggable backoff of the SDK's standard strategy. */
interface SdkBackoff {
  computeNextBackoffDelay(attempt: number): number;
}

/** The request on whose behalf a strategy is asked. */
interface RetryContext {
  readonly onRetry: (notice: RetryNotice) => void;
  info?: SdkRetryInfo;
  announced?: boolean;
}

const current = new AsyncLocalStorage<RetryContext>();

/** Runs `send` so that its retries are reported to `onRetry`. */
export function withRetryNotices<T>(
  onRetry: (notice: RetryNotice) => void,
  send: () => Promise<T>,
): Promise<T> {
  return current.run({ onRetry }, send);
}

/** Hooks into a strategy of the SDK; hooking the same one twice changes nothing. */
export function observeRetries(strategy: object): void {
  if (!isStrategy(strategy) || observed.has(strategy)) {
    return;
  }
  observed.add(strategy);
  const refresh = strategy.refreshRetryTokenForRetry.bind(strategy);
  strategy.refreshRetryTokenForRetry = async (token, info) => {
    const context = current.getStore();
    if (context === undefined) {
      return refresh(token, info);
    }
    context.info = info;
    context.announced = false;
    const next = await refresh(token, info);
    if (!context.announced) {
      // A strategy without the pluggable backoff: all that is known is what is left to wait.
      announce(context, token.getRetryCount() + 1, next.getRetryDelay());
    }
    return next;
  };
  for (const backoff of backoffsOf(strategy)) {
    observeBackoff(backoff);
  }
}

const observed = new WeakSet<object>();

function isStrategy(strategy: object): strategy is SdkRetryStrategy {
  return typeof Reflect.get(strategy, "refreshRetryTokenForRetry") === "function";
}

/** The backoff of the standard strategy, and of the one inside the adaptive strategy. */
function backoffsOf(strategy: object): SdkBackoff[] {
  const inner: unknown = Reflect.get(strategy, "standardRetryStrategy");
  return [strategy, inner]
    .filter((holder) => typeof holder === "object" && holder !== null)
    .map((holder): unknown => Reflect.get(holder, "retryBackoffStrategy"))
    .filter(
      (backoff): backoff is SdkBackoff =>
        typeof backoff === "object" &&
        backoff !== null &&
        typeof Reflect.get(backoff, "computeNextBackoffDelay") === "function",
    );
}

function observeBackoff(backoff: SdkBackoff): void {
  const compute = backoff.computeNextBackoffDelay.bind(backoff);
  backoff.computeNextBackoffDelay = (attempt) => {
    const context = current.getStore();
    const delayMs = Math.max(compute(attempt), retryAfterMs(context?.info));
    if (context !== undefined) {
      announce(context, attempt + 1, delayMs);
    }
    return delayMs;
  };
}

function retryAfterMs(info: SdkRetryInfo | undefined): number {
  const hint = info?.retryAfterHint;
  return hint instanceof Date ? Math.min(hint.getTime() - Date.now(), MAX_RETRY_AFTER_MS) : 0;
}

function announce(context: RetryContext, attempt: number, delayMs: number): void {
  context.announced = true;
  const { error } = context.info ?? {};
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
  context.onRetry({ type: "retry", attempt, delayMs, reason });
}
