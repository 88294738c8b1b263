/**
 * The AgentCore sandbox: Python in a Code Interpreter session of Amazon Bedrock AgentCore, no containers to operate.
 *
 * Guarantees: tools stay on the host, with their credentials; a wave of calls costs one invocation; nothing runs or is
 * delivered twice, whatever fails between; every session that was started is stopped. See `docs/agentcore.md`.
 */
import { randomBytes } from "node:crypto";
import { ToolscriptError } from "../../errors.ts";
import { pool } from "../pool.ts";
import type { OpenSandboxOptions, Sandbox, SandboxSession } from "../sandbox.ts";
import { createAgentCoreClient } from "./agentcore-client.ts";
import { type AgentCoreOptions, resolveAgentCoreOptions } from "./agentcore-options.ts";
import { AgentCoreSession } from "./agentcore-session.ts";
import { guardExit } from "./exit-guard.ts";
import { KernelChannel } from "./kernel-channel.ts";
import { type AgentCoreStats, Meter } from "./meter.ts";
import { sharedRateLimiter } from "./rate-limiter.ts";
import { type RemoteContext, startRemoteSession } from "./remote-session.ts";

export type { AgentCoreCredentials, AgentCoreOptions } from "./agentcore-options.ts";
export type { AgentCoreEvent, AgentCoreStats } from "./meter.ts";

/** A sandbox that counts what it costs. */
export interface AgentCoreSandbox extends Sandbox {
  /** Totals since the sandbox was made. */
  stats(): AgentCoreStats;
}

/**
 * A sandbox over AgentCore's Code Interpreter. Needs the package `@aws-sdk/client-bedrock-agentcore`.
 *
 * @throws {ToolscriptError} `invalid-argument`
 * @example
 * const sandbox = agentcore({ region: "us-east-1" });
 * await using session = await openScriptSession({ sandbox, tools });
 */
export function agentcore(options: AgentCoreOptions = {}): AgentCoreSandbox {
  const settings = resolveAgentCoreOptions(options);
  const context: RemoteContext = {
    settings,
    client: createAgentCoreClient(settings),
    meter: new Meter(settings.onEvent),
    limiter: sharedRateLimiter(settings.endpoint ?? settings.region ?? "", settings.invocationsPerSecond),
    abandoned: new Set(),
  };
  const sessions = new Set<AgentCoreSession>();
  const opening = new Set<Promise<unknown>>();
  const closing = new AbortController();

  async function start({ signal }: OpenSandboxOptions): Promise<AgentCoreSession> {
    const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const session = await startSession(context, sessions, either);
    if (settings.install === "open") await installOrClose(session, either);
    return session;
  }

  const warm = settings.pool === undefined ? undefined : pool(start, settings.pool);

  async function open(given: OpenSandboxOptions = {}): Promise<SandboxSession> {
    refuseIfClosed(closing.signal);
    const work = warm === undefined ? start(given) : warm.open(given);
    opening.add(work);
    try {
      const session = await work;
      if (session instanceof AgentCoreSession) session.expectRunningMs(given.runningMs);
      return session;
    } catch (error) {
      refuseIfClosed(closing.signal);
      throw error;
    } finally {
      opening.delete(work);
    }
  }

  return {
    name: "agentcore",
    open,
    stats: () => context.meter.stats(),
    async close() {
      closing.abort();
      await Promise.allSettled(opening);
      await Promise.all([
        warm?.close(),
        ...[...sessions].map((session) => session.close()),
        ...context.abandoned,
      ]);
      context.client.destroy();
    },
  };
}

async function startSession(
  context: RemoteContext,
  sessions: Set<AgentCoreSession>,
  signal: AbortSignal,
): Promise<AgentCoreSession> {
  const { maxFrameBytes, longestInvocationMs, stopOnSignal } = context.settings;
  const remote = await startRemoteSession(context, signal);
  const marker = `toolscript-${randomBytes(16).toString("hex")}:`;
  const session = new AgentCoreSession({
    remote,
    channel: new KernelChannel(remote, marker),
    marker,
    maxFrameBytes,
    longestInvocationMs,
    onEnd() {
      sessions.delete(session);
      release();
    },
  });
  const release = guardExit(session, stopOnSignal);
  sessions.add(session);
  return session;
}

async function installOrClose(session: AgentCoreSession, signal: AbortSignal): Promise<void> {
  try {
    await session.install(signal);
  } catch (error) {
    await session.close().catch(() => {}); // the first failure says more
    throw error;
  }
}

function refuseIfClosed(closing: AbortSignal): void {
  if (!closing.aborted) return;
  throw new ToolscriptError("session-closed", "Opening a session failed: the AgentCore sandbox was closed");
}
