/**
 * A warm pool: sessions started ahead, each handed out once and never used again.
 *
 * It knows no backend. A burst larger than the pool starts the rest at once up to a limit; the others queue in order, with
 * a deadline. Guarantees: never more than `maxOpen` sessions at a time; a start that fails is told to the one who waited
 * longest for it; starting ahead goes on by itself, ever more slowly while starts fail; `close()` leaves nothing.
 */
import { ToolscriptError } from "../errors.ts";
import { tell } from "../observer.ts";
import { type ShelfLoss, createShelf } from "./pool/shelf.ts";
import { RefillGate } from "./pool/refill-gate.ts";
import { WaitingLine } from "./pool/waiting-line.ts";
import { type PoolSettings, resolvePoolOptions } from "./pool/pool-options.ts";
import type { OpenSandboxOptions, SandboxSession } from "./sandbox.ts";

/** A session that a pool can watch. */
export interface PoolableSession extends SandboxSession {
  /** False once the session has ended, by whichever side. */
  readonly alive: boolean;
  /** Resolves when the session has ended. Never rejects. */
  readonly ended: Promise<void>;
}

/** Options of {@link pool}. */
export interface PoolOptions {
  /** Sessions kept ready. 0 makes the pool a limit only. */
  readonly size: number;
  /** Sessions at a time: in use, ready and starting. @default 200 */
  readonly maxOpen?: number;
  /** Starts at a time while somebody waits. @default 8 */
  readonly maxConcurrentStarts?: number;
  /** Starts at a time while nobody waits. @default 2 */
  readonly maxConcurrentRefills?: number;
  /** Milliseconds after the latest session was taken in which nothing is started ahead; at most four times. @default 250 */
  readonly refillDelayMs?: number;
  /** Those who may wait. @default 1_000 */
  readonly maxQueue?: number;
  /** Milliseconds that one may wait. @default 30_000 */
  readonly queueTimeoutMs?: number;
  /** Milliseconds after which a session that nobody took is replaced. @default 1_800_000 */
  readonly maxAgeMs?: number;
  /** Told of everything that happens. What it throws is a warning of the process and changes nothing. */
  readonly onEvent?: (event: PoolEvent) => void;
}

/** What happens in a pool. */
export type PoolEvent =
  | { readonly type: "started"; readonly id: string; readonly ms: number }
  | { readonly type: "start-failed"; readonly error: unknown; readonly retryInMs: number }
  | { readonly type: "opened"; readonly id: string; readonly warm: boolean; readonly waitedMs: number }
  | { readonly type: "refused"; readonly error: unknown; readonly waitedMs: number }
  | { readonly type: "lost"; readonly id: string; readonly why: ShelfLoss }
  | { readonly type: "closed"; readonly id: string };

/** A pool at one moment. Counts from `opened` on are totals since its start. */
export interface PoolStats {
  /** Ready to be handed out. */
  readonly warm: number;
  readonly starting: number;
  readonly inUse: number;
  readonly queued: number;
  /** Age of the oldest warm session in milliseconds. */
  readonly oldestWarmMs: number;
  /** Milliseconds until the next attempt to start ahead, while starts fail; else 0. */
  readonly retryInMs: number;
  readonly opened: number;
  /** Of those, how many were warm. */
  readonly openedWarm: number;
  /** Starts that failed. */
  readonly failed: number;
  /** Requests that were refused: queue full, deadline, aborted, failed start. */
  readonly refused: number;
  /** Warm sessions that ended by themselves. */
  readonly lost: number;
  /** Warm sessions that grew too old. */
  readonly expired: number;
}

/** A pool of sessions. */
export interface Pool {
  /** Hands out a session. @throws {ToolscriptError} `pool-exhausted`, `aborted`, `session-closed`, or what the start threw */
  open(options?: OpenSandboxOptions): Promise<PoolableSession>;
  stats(): PoolStats;
  /** Ends every session, those in use included. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts one session. */
export type OpenSession = (options: OpenSandboxOptions) => Promise<PoolableSession>;

/** First pause after a failed start, in milliseconds; it doubles with each failure. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/**
 * Creates a pool and begins to fill it.
 *
 * @example
 * const sessions = pool(({ signal }) => openSession(signal), { size: 4 });
 * const session = await sessions.open();
 *
 * @throws {ToolscriptError} `invalid-argument`
 */
export function pool(open: OpenSession, options: PoolOptions): Pool {
  const sessions = new SessionPool(open, resolvePoolOptions(options));
  sessions.fill();
  return sessions;
}

class SessionPool implements Pool {
  readonly #open: OpenSession;
  readonly #settings: PoolSettings;
  readonly #closing = new AbortController();
  readonly #starting = new Set<Promise<void>>();
  readonly #inUse = new Set<PoolableSession>();
  /** Sessions that are on their way out: `close()` waits for them, too. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #totals = { opened: 0, openedWarm: 0, failed: 0, refused: 0, lost: 0, expired: 0 };
  readonly #gate;
  readonly #shelf;
  readonly #line;
  #failures = 0;
  #retryAtMs = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  constructor(open: OpenSession, settings: PoolSettings) {
    this.#open = open;
    this.#settings = settings;
    this.#gate = new RefillGate({ delayMs: settings.refillDelayMs, onOpen: () => this.fill() });
    this.#shelf = createShelf({
      maxAgeMs: settings.maxAgeMs,
      onLoss: (session, why) => this.#lose(session, why),
    });
    this.#line = new WaitingLine<PoolableSession>({
      maxLength: settings.maxQueue,
      timeoutMs: settings.queueTimeoutMs,
      describe: () =>
        `"${this.#inUse.size}" in use, "${this.#starting.size}" starting, at most "${settings.maxOpen}"`,
      onLeave: () => this.fill(),
    });
  }

  async open({ signal }: OpenSandboxOptions = {}): Promise<PoolableSession> {
    const sinceMs = performance.now();
    if (this.#closed !== undefined) throw poolClosed();
    const mayTake = this.#line.length === 0 && signal?.aborted !== true;
    const warm = mayTake ? this.#shelf.take() : undefined;
    try {
      if (warm !== undefined) this.#claim(warm);
      const session = warm ?? (await this.#wait(signal));
      this.#totals.opened += 1;
      if (warm !== undefined) this.#totals.openedWarm += 1;
      const waitedMs = performance.now() - sinceMs;
      this.#tell({ type: "opened", id: session.id, warm: warm !== undefined, waitedMs });
      return session;
    } catch (error) {
      this.#totals.refused += 1;
      this.#tell({ type: "refused", error, waitedMs: performance.now() - sinceMs });
      throw error;
    }
  }

  stats(): PoolStats {
    return {
      warm: this.#shelf.length,
      starting: this.#starting.size,
      inUse: this.#inUse.size,
      queued: this.#line.length,
      oldestWarmMs: Math.round(this.#shelf.oldestMs),
      retryInMs: Math.max(0, Math.round(this.#retryAtMs - performance.now())),
      ...this.#totals,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Starts what is missing, as far as the limits allow. Called after everything that may change either. */
  fill(): void {
    while (this.#closed === undefined && this.#mayStart()) this.#start();
  }

  #mayStart(): boolean {
    const { size, maxOpen, maxConcurrentStarts, maxConcurrentRefills } = this.#settings;
    const starting = this.#starting.size;
    const waiting = this.#line.length;
    if (this.#inUse.size + this.#shelf.length + starting >= maxOpen) return false;
    if (waiting > starting) return starting < maxConcurrentStarts;
    if (this.#shelf.length + starting - waiting >= size) return false;
    return this.#gate.isOpen && starting < maxConcurrentRefills && this.#retryAtMs <= performance.now();
  }

  #wait(signal: AbortSignal | undefined): Promise<PoolableSession> {
    const session = this.#line.join(signal);
    this.fill();
    return session;
  }

  #start(): void {
    const sinceMs = performance.now();
    const start = callSafely(() => this.#open({ signal: this.#closing.signal })).then(
      (session) => {
        this.#starting.delete(start);
        this.#started(session, performance.now() - sinceMs);
      },
      (error: unknown) => {
        this.#starting.delete(start);
        this.#startFailed(error);
      },
    );
    this.#starting.add(start);
  }

  #started(session: PoolableSession, ms: number): void {
    this.#tell({ type: "started", id: session.id, ms });
    this.#retryAtMs = 0;
    this.#failures = 0;
    if (this.#closed !== undefined) this.#letGo(session);
    else if (this.#line.length > 0) {
      this.#claim(session);
      this.#line.serve(session);
    } else if (this.#shelf.length < this.#settings.size) this.#putOnShelf(session);
    else this.#letGo(session); // the one it was started for has left
    this.fill();
  }

  #putOnShelf(session: PoolableSession): void {
    this.#shelf.put(session);
    if (this.#shelf.length >= this.#settings.size) this.#gate.close();
  }

  #startFailed(error: unknown): void {
    this.#totals.failed += 1;
    this.#pause();
    this.#tell({ type: "start-failed", error, retryInMs: this.#retryAtMs - performance.now() });
    this.#line.refuse(error as Error);
    this.fill();
  }

  /** Holds back starts that nobody waits for. */
  #pause(): void {
    if (this.#retryAtMs > performance.now()) return; // many fail at once when a daemon dies: that counts as one
    const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryAtMs = performance.now() + pauseMs;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#retryAtMs = 0;
      this.fill();
    }, pauseMs);
    this.#retryTimer.unref();
  }

  /** From here on the session counts as used, until it ends. */
  #claim(session: PoolableSession): void {
    this.#inUse.add(session);
    const ended = (): void => {
      this.#inUse.delete(session);
      this.#tell({ type: "closed", id: session.id });
      this.fill();
    };
    session.ended.then(ended, ended);
    this.#gate.hold();
    // The one who took it comes first: its first frames leave before the next start begins.
    setImmediate(() => this.fill());
  }

  #lose(session: PoolableSession, why: ShelfLoss): void {
    this.#totals[why === "ended" ? "lost" : "expired"] += 1;
    this.#tell({ type: "lost", id: session.id, why });
    this.#letGo(session);
    if (why === "ended") this.#pause();
    this.#gate.open();
    this.fill();
  }

  #letGo(session: PoolableSession): void {
    const leaving = callSafely(() => session.close()).catch(() => {}); // the backend reports its own trouble when the next one is opened
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#gate.close();
    this.#closing.abort(poolClosed());
    while (this.#line.refuse(poolClosed()));
    for (const session of [...this.#shelf.empty(), ...this.#inUse]) this.#letGo(session);
    await Promise.all(this.#starting);
    await Promise.all(this.#leaving);
  }

  #tell(event: PoolEvent): void {
    tell(this.#settings.onEvent, event);
  }
}

/** What a backend throws where it must reject is a rejection, too. */
async function callSafely<Value>(call: () => Promise<Value>): Promise<Value> {
  return await call();
}

function poolClosed(): ToolscriptError {
  return new ToolscriptError("session-closed", "Opening a session failed: the pool was closed");
}
