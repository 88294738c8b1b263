/**
 * Whom a guard's containers belong to, and how they end without a host's help.
 *
 * Guarantees: every container that was made through the guard carries labels that the guard wrote, with a lease that is not
 * longer than allowed; one that nobody attaches to, or whose client has closed its input or is gone, is removed when it
 * does not end by itself; while the guard runs, what is left behind by others, or has outlived its lease, is removed, too.
 */
import { toErrorMessage } from "../../../errors.ts";
import { containerLabels } from "../container-spec.ts";
import { DEFAULT_CLOSE_GRACE_MS, DEFAULT_REAP_AFTER_MS } from "../docker-options.ts";
import { readHostIdentity } from "../host-identity.ts";
import { isLeftBehind } from "../reaper.ts";
import type { WriteLabels } from "./check-create.ts";
import type { Daemon } from "./daemon.ts";
import { writeLog } from "./guard-log.ts";
import type { GuardSettings } from "./guard-options.ts";

/** Time in milliseconds that a new container waits for somebody to attach to it. */
const ATTACH_PATIENCE_MS = 120_000;

/** The upkeep of one guard. */
export interface Upkeep {
  readonly writeLabels: WriteLabels;
  created(id: string): void;
  attached(id: string): void;
  /** Its input has ended: the client closed it, or is gone. */
  detached(id: string): void;
  /** Ends the timers. What they would have removed is left to the reapers of others. */
  stop(): void;
}

/** Begins to look after a guard's containers. */
export function startUpkeep(daemon: Daemon, settings: GuardSettings): Upkeep {
  return new ContainerUpkeep(daemon, settings);
}

class ContainerUpkeep implements Upkeep {
  readonly #daemon: Daemon;
  readonly #settings: GuardSettings;
  readonly #self = readHostIdentity();
  /** By container: when it is removed. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #reapTimer;
  #isStopped = false;

  constructor(daemon: Daemon, settings: GuardSettings) {
    this.#daemon = daemon;
    this.#settings = settings;
    const reap = (): void => void this.#attempt(this.#reap());
    this.#reapTimer = setInterval(reap, settings.reapEveryMs).unref();
  }

  readonly writeLabels: WriteLabels = (leaseUntilMs) => {
    const { maxLeaseMs } = this.#settings;
    const nowMs = Date.now();
    const wantedMs = leaseUntilMs - nowMs;
    // A lease that makes no sense is no wish.
    const leaseMs = wantedMs > 0 && wantedMs < maxLeaseMs ? wantedMs : maxLeaseMs;
    return containerLabels(this.#self, nowMs, leaseMs);
  };

  created(id: string): void {
    this.#removeAfter(id, ATTACH_PATIENCE_MS, "nobody attached to it");
  }

  attached(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  detached(id: string): void {
    this.#removeAfter(id, DEFAULT_CLOSE_GRACE_MS, "its input has ended");
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#reapTimer);
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #removeAfter(id: string, ms: number, reason: string): void {
    if (this.#isStopped) return;
    this.attached(id);
    const remove = (): void => {
      this.#timers.delete(id);
      void this.#attempt(this.#remove(id, reason));
    };
    this.#timers.set(id, setTimeout(remove, ms).unref());
  }

  async #reap(): Promise<void> {
    const options = { self: this.#self, reapAfterMs: DEFAULT_REAP_AFTER_MS, nowMs: Date.now() };
    const left = (await this.#daemon.listOurs()).filter((container) => isLeftBehind(container, options));
    for (const { id } of left) await this.#remove(id, "its host is gone, or its lease has run out");
  }

  async #remove(id: string, reason: string): Promise<void> {
    if ((await this.#daemon.findContainer(id)) === undefined) return;
    await this.#daemon.remove(id);
    writeLog(this.#settings.log, { level: "info", event: "removed", container: id, reason });
  }

  /** Nobody waits for it; without a daemon the next look tries again. */
  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      writeLog(this.#settings.log, { level: "error", event: "failed", reason: toErrorMessage(error) });
    }
  }
}
