/**
 * One session at AgentCore: started, invoked with retries and within the rate, stopped.
 *
 * Guarantees: what was started is stopped, also when the start was given up or its answer was lost; a request is repeated
 * only as it was. Knows nothing of frames.
 */
import { ToolscriptError, isToolscriptError } from "../../errors.ts";
import type { AgentCoreClient } from "./agentcore-client.ts";
import { type AgentCoreAction, toAgentCoreError } from "./agentcore-error.ts";
import type { AgentCoreSettings } from "./agentcore-options.ts";
import type { CodeOutput } from "./answer/code-output.ts";
import type { Meter } from "./meter.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { withRetries } from "./retry.ts";

/** What every session of a sandbox stands on. */
export interface RemoteContext {
  readonly settings: AgentCoreSettings;
  readonly client: AgentCoreClient;
  readonly meter: Meter;
  readonly limiter: RateLimiter;
  /** Starts that were given up, until they are stopped. */
  readonly abandoned: Set<Promise<unknown>>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** Never aborted: a stop is carried through. */
const NEVER = new AbortController().signal;

/** A started session. */
export interface RemoteSession {
  readonly id: string;
  /** Runs code and gives its output to `read`; what `read` throws counts as a failed try. */
  execute<T>(code: string, options: ExecuteOptions<T>): Promise<T>;
  /** Stops it; a session that is gone already counts as stopped. Safe to call twice. */
  stop(): Promise<void>;
}

/** Options of {@link RemoteSession.execute}. */
export interface ExecuteOptions<T> {
  readonly sequence: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly read: (output: CodeOutput) => Promise<T>;
}

/** Starts a session. @throws {ToolscriptError} `agentcore-access`, `agentcore-quota`, `agentcore-throttled`, `aborted` … */
export async function startRemoteSession(
  context: RemoteContext,
  signal: AbortSignal,
): Promise<RemoteSession> {
  const startedAt = performance.now();
  const starting = start(context).then((id) => {
    context.meter.started(id, performance.now() - startedAt);
    return createSession(context, id);
  });
  return await untilAborted(starting, signal, () => {
    const stopping = starting.then((session) => session.stop()).catch(() => {}); // nothing started, or its timeout ends it
    context.abandoned.add(stopping);
    void stopping.then(() => context.abandoned.delete(stopping));
  });
}

async function start({ settings, client, meter }: RemoteContext): Promise<string> {
  const clientToken = crypto.randomUUID();
  return await retrying("start", settings, meter, "", NEVER, () =>
    client.start(clientToken, { signal: NEVER, timeoutMs: START_TIMEOUT_MS }),
  );
}

function createSession(context: RemoteContext, id: string): RemoteSession {
  const { settings, client, meter, limiter } = context;
  let stopping: Promise<void> | undefined;
  return {
    id,
    async execute(code, { sequence, signal, timeoutMs, read }) {
      const startedAt = performance.now();
      let attempts = 0;
      let received = 0;
      const answer = await retrying("invoke", settings, meter, id, signal, async () => {
        attempts += 1;
        meter.heldBack(id, await limiter.acquire(signal));
        meter.invoked(id);
        const output = await client.execute(id, code, { signal, timeoutMs });
        received = output.stdout.reduce((sum, text) => sum + text.length, 0);
        return await read(output);
      });
      const ms = performance.now() - startedAt;
      meter.answered({ sessionId: id, sequence, ms, attempts, sent: code.length, received });
      return answer;
    },
    stop() {
      stopping ??= stop(context, id);
      return stopping;
    },
  };
}

async function stop({ settings, client, meter }: RemoteContext, id: string): Promise<void> {
  try {
    await retrying("stop", settings, meter, id, NEVER, () =>
      client.stop(id, { signal: NEVER, timeoutMs: STOP_TIMEOUT_MS }),
    );
  } catch (error) {
    if (!isToolscriptError(error, "agentcore-session-lost")) throw error;
  }
  meter.stopped(id);
}

async function retrying<T>(
  action: Exclude<AgentCoreAction, "get">,
  settings: AgentCoreSettings,
  meter: Meter,
  sessionId: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { maxAttempts, identifier } = settings;
  try {
    const onRetry = (retry: { attempt: number; delayMs: number; error: unknown }): void =>
      meter.retried({ action, sessionId, ...retry });
    return await withRetries(work, { maxAttempts, signal, onRetry });
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    throw toAgentCoreError(error, action, sessionId === "" ? identifier : sessionId);
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, onGivenUp: () => void): Promise<T> {
  const given = Promise.withResolvers<never>();
  const abort = (): void => given.reject(aborted(signal));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, given.promise]);
  } catch (error) {
    if (signal.aborted) onGivenUp();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function aborted(signal: AbortSignal): ToolscriptError {
  const cause: unknown = signal.reason;
  return new ToolscriptError("aborted", "Waiting for AgentCore was given up: its signal was aborted", {
    cause,
  });
}
