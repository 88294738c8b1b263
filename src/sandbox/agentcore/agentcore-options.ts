/**
 * Options of the AgentCore sandbox: their defaults and what is refused.
 */
import { ToolscriptError } from "../../errors.ts";
import { DEFAULT_MAX_FRAME_BYTES } from "../../protocol/frames.ts";
import type { PoolOptions } from "../pool.ts";
import type { AgentCoreEvent } from "./meter.ts";

/** The interpreter that every account has; its network mode is `SANDBOX`. */
export const DEFAULT_IDENTIFIER = "aws.codeinterpreter.v1";

/**
 * Seconds after which AgentCore ends a session by itself: the longest life of a script session, an hour, and five minutes.
 * It is the last resort against sessions that nobody stops.
 */
export const DEFAULT_SESSION_TIMEOUT_SECONDS = 3900;

/** What AgentCore takes for it. */
const MAX_SESSION_TIMEOUT_SECONDS = 28_800;
const MIN_SESSION_TIMEOUT_SECONDS = 1;

/** The quota of an account, September 2026. */
export const DEFAULT_INVOCATIONS_PER_SECOND = 30;

/** Tries of one request, the first included. */
export const DEFAULT_MAX_ATTEMPTS = 6;

/** Longest time that one invocation stays open while a script computes; AgentCore ends a request after 15 minutes. */
export const DEFAULT_LONGEST_INVOCATION_MS = 20_000;
const MAX_LONGEST_INVOCATION_MS = 14 * 60_000;

/** A frame must fit into a request of 100 MB, escaped and encoded. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** A key pair, or a temporary one with its token. */
export interface AgentCoreCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Options of {@link agentcore}. */
export interface AgentCoreOptions {
  /** Identifier of a code interpreter. @default "aws.codeinterpreter.v1" */
  readonly identifier?: string;
  /** AWS region. @default AWS_REGION, or the profile's */
  readonly region?: string;
  /** Another endpoint, for example an emulator's. @default AWS_ENDPOINT_URL_BEDROCK_AGENTCORE, or the region's */
  readonly endpoint?: string;
  /** Credentials, or a function that gets fresh ones. @default the SDK's chain: environment, profile, SSO, roles */
  readonly credentials?: AgentCoreCredentials | (() => Promise<AgentCoreCredentials>);
  /** Profile of the shared AWS configuration. @default AWS_PROFILE */
  readonly profile?: string;
  /** Name of the sessions, as AWS lists them. @default "toolscript" */
  readonly name?: string;
  /** Seconds after which AgentCore ends a session by itself, from 1 to 28,800. @default 3_900 */
  readonly sessionTimeoutSeconds?: number;
  /**
   * When the runner is installed: with the first cell, which saves an invocation, or when the session opens, which finds
   * trouble earlier and tells the version of Python. @default "first-cell"; with a pool "open"
   */
  readonly install?: "first-cell" | "open";
  /** Invocations a second of all sessions in this process, for one endpoint or region; 0 means no limit. @default 30 */
  readonly invocationsPerSecond?: number;
  /** Tries of one request, the first included. Nothing ever runs twice. @default 6 */
  readonly maxAttempts?: number;
  /**
   * Milliseconds that one invocation stays open at most while a script computes, up to 840,000. Live output and
   * interrupts travel at this pace; the first waits are shorter. @default 20_000
   */
  readonly longestInvocationMs?: number;
  /** Largest frame in bytes, either way, up to 67,108,864. @default 33_554_432 */
  readonly maxFrameBytes?: number;
  /** Keeps sessions started. They cost money while they wait. @default none */
  readonly pool?: PoolOptions;
  /** Stops sessions when the process gets SIGINT, SIGTERM or SIGHUP and nothing else listens to it. @default true */
  readonly stopOnSignal?: boolean;
  /** Told of everything that costs money or time. What it throws is a warning of the process and changes nothing. */
  readonly onEvent?: (event: AgentCoreEvent) => void;
}

/** Options with their defaults. */
export interface AgentCoreSettings {
  readonly identifier: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly credentials: AgentCoreOptions["credentials"];
  readonly profile: string | undefined;
  readonly name: string;
  readonly sessionTimeoutSeconds: number;
  readonly install: "first-cell" | "open";
  readonly invocationsPerSecond: number;
  readonly maxAttempts: number;
  readonly longestInvocationMs: number;
  readonly maxFrameBytes: number;
  readonly pool: PoolOptions | undefined;
  readonly stopOnSignal: boolean;
  readonly onEvent: ((event: AgentCoreEvent) => void) | undefined;
}

/** Fills in the defaults. @throws {ToolscriptError} `invalid-argument` */
export function resolveAgentCoreOptions(given: AgentCoreOptions): AgentCoreSettings {
  const settings: AgentCoreSettings = {
    identifier: given.identifier ?? DEFAULT_IDENTIFIER,
    region: given.region,
    endpoint: given.endpoint,
    credentials: given.credentials,
    profile: given.profile,
    name: given.name ?? "toolscript",
    sessionTimeoutSeconds: given.sessionTimeoutSeconds ?? DEFAULT_SESSION_TIMEOUT_SECONDS,
    install: given.install ?? (given.pool === undefined ? "first-cell" : "open"),
    invocationsPerSecond: given.invocationsPerSecond ?? DEFAULT_INVOCATIONS_PER_SECOND,
    maxAttempts: given.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    longestInvocationMs: given.longestInvocationMs ?? DEFAULT_LONGEST_INVOCATION_MS,
    maxFrameBytes: given.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
    pool: given.pool,
    stopOnSignal: given.stopOnSignal ?? true,
    onEvent: given.onEvent,
  };
  check(settings);
  return settings;
}

function check(settings: AgentCoreSettings): void {
  checkRange(settings, "sessionTimeoutSeconds", MIN_SESSION_TIMEOUT_SECONDS, MAX_SESSION_TIMEOUT_SECONDS);
  checkRange(settings, "maxAttempts", 1, 100);
  checkRange(settings, "longestInvocationMs", 10, MAX_LONGEST_INVOCATION_MS);
  checkRange(settings, "maxFrameBytes", 1024, MAX_FRAME_BYTES);
  const { invocationsPerSecond, identifier } = settings;
  if (!(invocationsPerSecond >= 0 && Number.isFinite(invocationsPerSecond))) {
    throw invalid("invocationsPerSecond", invocationsPerSecond, "a number of 0 or more");
  }
  if (identifier === "") throw invalid("identifier", identifier, "the identifier of a code interpreter");
}

function checkRange(
  settings: AgentCoreSettings,
  name: "sessionTimeoutSeconds" | "maxAttempts" | "longestInvocationMs" | "maxFrameBytes",
  least: number,
  most: number,
): void {
  const value = settings[name];
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(name, value, `a whole number from "${least}" to "${most}"`);
}

function invalid(name: string, value: unknown, wanted: string): ToolscriptError {
  const message = `Making an AgentCore sandbox failed: "${name}" is "${String(value)}", wanted ${wanted}`;
  return new ToolscriptError("invalid-argument", message);
}
