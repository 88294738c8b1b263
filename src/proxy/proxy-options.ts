/**
 * What a proxy is made of, and the defaults.
 */
import type { Model } from "../model/model.ts";
import type { PoolStats } from "../sandbox/pool.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ScriptLimits } from "../script/limits.ts";
import type { Forward } from "./forward.ts";
import { type Access, loopbackAccess } from "./http/access.ts";
import type { BrowserAccess } from "./http/cors.ts";
import { DEFAULT_MAX_BODIES_BYTES } from "./http/body-budget.ts";
import { DEFAULT_MAX_UNREAD_BYTES } from "./http/connections.ts";
import { DEFAULT_MAX_BODY_BYTES } from "./http/read-body.ts";
import { type ModelNames, sameModelNames } from "./names/model-names.ts";
import type { UnsampledStream } from "./turn/message-writer.ts";
import { OPEN_GATE, type ScriptGate } from "./turn/script-gate.ts";

/** Samples in one request, as on the Claude API; then `pause_turn`. */
export const DEFAULT_MAX_SAMPLES = 10;
/** Milliseconds between two pings while a script runs. */
export const DEFAULT_PING_MS = 10_000;
/** Milliseconds without a request after which a container expires. It is longer than a call may wait (270 s). */
export const DEFAULT_CONTAINER_IDLE_MS = 300_000;
/** Milliseconds after which a container expires in any case: one day. */
export const DEFAULT_CONTAINER_LIFETIME_MS = 24 * 3_600_000;
/** Milliseconds in which a client takes what waits for it. */
export const DEFAULT_STALL_MS = 300_000;
/** Milliseconds for which a turn goes on without its client. */
export const DEFAULT_GRACE_MS = 60_000;
/** Milliseconds in which a script ends, or asks its client, however it spends them. */
export const DEFAULT_HOP_MS = 300_000;
/** Milliseconds that `close` waits for what is under way and for paused scripts. */
export const DEFAULT_CLOSE_DEADLINE_MS = 30_000;

/** A line of the log. Never a key; a prompt, code or a result only when bodies are to be logged. */
export interface LogEntry {
  readonly level: "info" | "warn" | "error";
  readonly event: "request" | "failure";
  readonly requestId: string;
  readonly [key: string]: unknown;
}

/** Options of `createProxy`. */
export interface ProxyOptions {
  /** The model behind an upstream's name, as `names` maps it. Called once for a name, then kept. */
  readonly model: (upstreamName: string) => Model;
  /** Where scripts run. Closed by its owner, not by the proxy. */
  readonly sandbox: Sandbox;
  /** @default every name goes to `model` as it is */
  readonly names?: ModelNames;
  /** @default only this machine may ask */
  readonly access?: Access;
  /** A cap on running scripts. @default none */
  readonly gate?: ScriptGate;
  /** Budgets of a script; `callMs` is how long a call waits for its client. */
  readonly limits?: Partial<Omit<ScriptLimits, "idleMs" | "lifetimeMs">>;
  /** @default "events" */
  readonly unsampledStream?: UnsampledStream;
  /** @default 10 */
  readonly maxSamples?: number;
  /** @default 10_000 */
  readonly pingMs?: number;
  /**
   * Milliseconds in which a script ends, or asks its client, sleeping included: it holds a place of the gate for so long
   * at most.
   *
   * @default 300_000
   */
  readonly hopMs?: number;
  /**
   * Milliseconds for which a turn goes on when its client has left, for whoever sends the request again. A request without
   * a container has no such time: its client could not name what it comes back for.
   *
   * @default 60_000
   */
  readonly graceMs?: number;
  /** Interpreters at once, of all keys; a key has half of them by default. @default any number */
  readonly maxInterpreters?: number;
  /** @default 300_000 */
  readonly containerIdleMs?: number;
  /** @default 86_400_000 */
  readonly containerLifetimeMs?: number;
  /** Milliseconds in which a client takes what waits for it, of whatever response. @default 300_000 */
  readonly stallMs?: number;
  /** Bytes that may wait for clients, all together; beyond, the slowest are cut off. @default 268_435_456 */
  readonly maxUnreadBytes?: number;
  /** @default 33_554_432 */
  readonly maxBodyBytes?: number;
  /** Bytes of the bodies of all requests under way; a key has half of them. @default 1_073_741_824 */
  readonly maxBodiesBytes?: number;
  /**
   * Takes requests that need nothing changed (no code execution, no other model name) to an upstream that speaks the
   * Messages API itself: bytes in, bytes out. `forwardTo` makes one. @default none: every request goes through `model`
   */
  readonly forward?: Forward | undefined;
  /** Figures of the sandbox's pool, for `/metrics`. @default none */
  readonly poolStats?: (() => PoolStats) | undefined;
  /** Asked by `/readyz`, beside the proxy's own state. @default always ready */
  readonly isReady?: () => boolean | Promise<boolean>;
  /** Puts requests and responses into the log: prompts, code and results. @default false */
  readonly logBodies?: boolean;
  /**
   * Whether a page in a browser that opts in, as on the Claude API, may read answers. It needs a key like everybody else;
   * without keys it must be a page of this machine.
   *
   * @default "opt-in"
   */
  readonly browserAccess?: BrowserAccess | undefined;
  /** @default nothing is logged */
  readonly log?: (entry: LogEntry) => void;
}

/** The options with every default filled in. */
export type ResolvedOptions = Required<ProxyOptions>;

/** What holds where an option is not given. */
function defaults(): Omit<ResolvedOptions, "model" | "sandbox"> {
  return {
    names: sameModelNames(),
    access: loopbackAccess(),
    gate: OPEN_GATE,
    limits: {},
    unsampledStream: "events",
    maxSamples: DEFAULT_MAX_SAMPLES,
    pingMs: DEFAULT_PING_MS,
    hopMs: DEFAULT_HOP_MS,
    graceMs: DEFAULT_GRACE_MS,
    maxInterpreters: Infinity,
    containerIdleMs: DEFAULT_CONTAINER_IDLE_MS,
    containerLifetimeMs: DEFAULT_CONTAINER_LIFETIME_MS,
    stallMs: DEFAULT_STALL_MS,
    maxUnreadBytes: DEFAULT_MAX_UNREAD_BYTES,
    maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
    maxBodiesBytes: DEFAULT_MAX_BODIES_BYTES,
    forward: undefined,
    poolStats: undefined,
    isReady: () => true,
    logBodies: false,
    browserAccess: "opt-in",
    log: () => {},
  };
}

/** Fills in the defaults, also for what is given as undefined. */
export function resolveOptions(options: ProxyOptions): ResolvedOptions {
  const missing = Object.entries(defaults()).filter(
    ([name]) => options[name as keyof ProxyOptions] === undefined,
  );
  return { ...options, ...Object.fromEntries(missing) } as ResolvedOptions;
}
