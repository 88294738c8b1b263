/**
 * The bodies that a server holds at once: so many bytes of all requests under way, and of one key no more than its share.
 *
 * Bytes count when they have come, whatever a request claims, and until it is over.
 */
import { shareOf } from "../access/share.ts";
import { ApiError } from "../errors/api-error.ts";

/** Bytes of all bodies together. What is made of them takes three times as much at worst. */
export const DEFAULT_MAX_BODIES_BYTES = 1024 * 1024 * 1024;

/** What one request holds. */
export interface HeldBody {
  /** @throws {ApiError} `overloaded_error`, or `rate_limit_error` when the key has its share */
  take(bytes: number): void;
  /** Gives all of it back. Safe to call twice. */
  release(): void;
}

/** The bytes of all requests under way. */
export class BodyBudget {
  readonly #maxBytes: number;
  readonly #byOwner = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Opens the account of a request; `mayHaveAll` for an owner who shares with nobody. */
  open(ownerId: string, mayHaveAll: boolean): HeldBody {
    const maxOwned = mayHaveAll ? this.#maxBytes : shareOf(this.#maxBytes);
    let held = 0;
    return {
      take: (bytes) => {
        if ((this.#byOwner.get(ownerId) ?? 0) + bytes > maxOwned && !mayHaveAll) throw ownFull();
        if (this.#bytes + bytes > this.#maxBytes) throw allFull();
        this.#add(ownerId, bytes);
        held += bytes;
      },
      release: () => {
        this.#add(ownerId, -held);
        held = 0;
      },
    };
  }

  #add(ownerId: string, bytes: number): void {
    this.#bytes += bytes;
    const owned = (this.#byOwner.get(ownerId) ?? 0) + bytes;
    if (owned === 0) this.#byOwner.delete(ownerId);
    else this.#byOwner.set(ownerId, owned);
  }
}

function ownFull(): ApiError {
  const message =
    "The requests of this API key that are under way hold as much as they may; wait until some are done";
  return new ApiError("rate_limit_error", message);
}

function allFull(): ApiError {
  const message = "The requests that are under way hold as much as this server may; try again later";
  return new ApiError("overloaded_error", message);
}
