/**
 * Sessions that were started ahead, oldest first. Keeps an eye on them: one that ends by itself or grows too old leaves.
 *
 * Guarantee: what is taken was alive and young enough at that moment, and is never handed out again.
 */
import type { PoolableSession } from "../pool.ts";

/** Why a session left the shelf without being taken. */
export type ShelfLoss = "ended" | "expired";

/** Warm sessions. */
export interface Shelf {
  readonly length: number;
  /** Age of the oldest in milliseconds; 0 when there is none. */
  readonly oldestMs: number;
  put(session: PoolableSession): void;
  take(): PoolableSession | undefined;
  /** Takes everything. */
  empty(): readonly PoolableSession[];
}

/** Options of a shelf. */
export interface ShelfOptions {
  readonly maxAgeMs: number;
  /** A session left without being taken; it is the listener's to close. */
  readonly onLoss: (session: PoolableSession, why: ShelfLoss) => void;
}

/** Part of the maximum age by which sessions differ, so that those started together do not expire together. */
const AGE_SPREAD = 0.2;

/** Creates an empty shelf. */
export function createShelf({ maxAgeMs, onLoss }: ShelfOptions): Shelf {
  const items = new Map<PoolableSession, { readonly sinceMs: number; readonly timer: NodeJS.Timeout }>();

  function remove(session: PoolableSession): boolean {
    clearTimeout(items.get(session)?.timer);
    return items.delete(session);
  }

  function lose(session: PoolableSession, why: ShelfLoss): void {
    if (remove(session)) onLoss(session, why);
  }

  function oldest(): PoolableSession | undefined {
    return items.keys().next().value;
  }

  return {
    get length() {
      return items.size;
    },
    get oldestMs() {
      const first = items.values().next().value;
      return first === undefined ? 0 : performance.now() - first.sinceMs;
    },
    put(session) {
      const ageMs = maxAgeMs * (1 - AGE_SPREAD * Math.random());
      const timer = setTimeout(() => lose(session, "expired"), ageMs);
      timer.unref();
      items.set(session, { sinceMs: performance.now(), timer });
      const ended = (): void => lose(session, "ended");
      session.ended.then(ended, ended);
    },
    take() {
      for (let session = oldest(); session !== undefined; session = oldest()) {
        if (session.alive) {
          remove(session);
          return session;
        }
        lose(session, "ended");
      }
      return undefined;
    },
    empty() {
      const all = [...items.keys()];
      for (const session of all) remove(session);
      return all;
    },
  };
}
