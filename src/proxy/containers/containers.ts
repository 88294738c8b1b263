/**
 * All containers of this server, by id.
 *
 * Guarantees: an id leads to the container only for the key that made it, and tells others nothing; an expired id gets an
 * error of its own and never a fresh container in silence; interpreters are bounded, all together and those of one
 * owner, and one who needs another gets it by the end of the one that was idle longest; after `close` nothing is left.
 */
import { ToolscriptError } from "../../errors.ts";
import { shareOf } from "../access/share.ts";
import { ApiError, invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import { Container, type ContainerOptions } from "./container.ts";

/** Expired ids that are remembered, so that their error can say so. */
const MAX_REMEMBERED_IDS = 10_000;

/** Containers that an owner may have at once, with an interpreter or without. */
export const DEFAULT_MAX_OWNED_CONTAINERS = 100;

/** Settings that all containers share. */
export interface ContainersSettings extends Omit<
  ContainerOptions,
  "ownerId" | "maxOwned" | "madeBy" | "onExpired" | "makeRoom"
> {
  /** Interpreters at once, of all owners. @default any number */
  readonly maxInterpreters?: number;
}

/** All containers. */
export class Containers {
  readonly #settings: ContainersSettings;
  readonly #maxInterpreters: number;
  readonly #open = new Map<string, Container>();
  /** Expired id → owner, oldest first. */
  readonly #expired = new Map<string, string>();
  readonly #closing = new Set<Promise<void>>();
  /** Containers by the request that made them, which could not name them. */
  readonly #byRequest = new Map<string, Container>();

  constructor(settings: ContainersSettings) {
    this.#settings = settings;
    this.#maxInterpreters = settings.maxInterpreters ?? Infinity;
  }

  /** Containers that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Containers with an interpreter. */
  get interpreters(): number {
    return this.#list((container) => container.hasInterpreter).length;
  }

  /** Whether a client may come back for what it has left: a script that waits for it, or a turn that goes on. */
  get areAwaited(): boolean {
    return this.#list((container) => container.isPaused || container.isAbandoned).length > 0;
  }

  /** Containers with a script that waits for its client. */
  get pausedCount(): number {
    return this.#list((container) => container.isPaused).length;
  }

  /**
   * Makes a container. The owner's own that was idle longest ends when it has as many as it may.
   *
   * @param fingerprint - of the request that makes it
   * @param maxOwned - containers that the owner may have; the server's defaults when undefined
   * @throws {ApiError} `rate_limit_error` when all of them are in use
   */
  create(ownerId: string, fingerprint: string, maxOwned?: number): Container {
    const max = maxOwned ?? DEFAULT_MAX_OWNED_CONTAINERS;
    const owned = this.#list((container) => container.ownerId === ownerId);
    if (owned.length >= max && this.#endIdlest(owned) === undefined) throw tooMany(max);
    const container = new Container({
      ...this.#settings,
      ownerId,
      maxOwned,
      madeBy: fingerprint,
      onExpired: (expired) => void this.#expire(expired),
      makeRoom: (newcomer) => this.#makeRoom(newcomer),
    });
    this.#open.set(container.id, container);
    this.#byRequest.set(toRequestKey(container), container);
    return container;
  }

  /** The container that a request made which named none, if that is to be taken for the same one. */
  findMadeBy(ownerId: string, fingerprint: string, isRepeat: boolean): Container | undefined {
    const known = this.#byRequest.get(toRequestKey({ ownerId, madeBy: fingerprint }));
    return known?.hasTurnOf(fingerprint, isRepeat) === true ? known : undefined;
  }

  /** The container of that id. @throws {ApiError} when it is unknown, another key's, or expired */
  get(id: string, ownerId: string): Container {
    const container = this.#open.get(id);
    const owner = container?.ownerId ?? this.#expired.get(id);
    if (owner !== ownerId) {
      throw new ApiError("not_found_error", `container: Container \`${quoted(id)}\` was not found`);
    }
    if (container !== undefined) return container;
    throw invalidRequest(
      `container: Container \`${id}\` has expired. Send the request without \`container\` to get a new one; scripts that were waiting in it are lost, so leave their blocks out of \`messages\``,
    );
  }

  /** Closes every container. */
  async close(): Promise<void> {
    for (const container of this.#open.values()) void this.#expire(container);
    await Promise.all(this.#closing);
  }

  /** @throws {ToolscriptError} `pool-exhausted` when every interpreter is in use that could end for this one */
  async #makeRoom(newcomer: Container): Promise<void> {
    const others = this.#list((container) => container.hasInterpreter && container !== newcomer);
    const own = others.filter(({ ownerId }) => ownerId === newcomer.ownerId);
    const maxOwn = Math.min(newcomer.maxOwned ?? shareOf(this.#maxInterpreters), this.#maxInterpreters);
    if (own.length >= maxOwn) {
      await (this.#endIdlest(own) ?? Promise.reject(exhausted(maxOwn, "of this key ")));
    } else if (others.length >= this.#maxInterpreters) {
      await (this.#endIdlest(ofLargest(others)) ?? Promise.reject(exhausted(this.#maxInterpreters, "")));
    }
  }

  /**
   * Ends the idle container that was used longest ago; undefined when none is idle. Resolves when its interpreter is
   * gone.
   */
  #endIdlest(candidates: readonly Container[]): Promise<void> | undefined {
    const [first, ...others] = candidates.filter((container) => container.isIdle);
    if (first === undefined) return undefined;
    return this.#expire(others.reduce((oldest, one) => (one.usedAt < oldest.usedAt ? one : oldest), first));
  }

  #list(matches: (container: Container) => boolean): Container[] {
    return [...this.#open.values()].filter(matches);
  }

  #expire(container: Container): Promise<void> {
    this.#open.delete(container.id);
    const key = toRequestKey(container);
    if (this.#byRequest.get(key) === container) this.#byRequest.delete(key);
    this.#expired.set(container.id, container.ownerId);
    const [oldest] = this.#expired.keys();
    if (this.#expired.size > MAX_REMEMBERED_IDS && oldest !== undefined) this.#expired.delete(oldest);
    const closing = container.close().catch(() => {}); // a backend that fails to close has reported it itself
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
    return closing;
  }
}

function toRequestKey({ ownerId, madeBy }: Pick<Container, "ownerId" | "madeBy">): string {
  return `${madeBy} ${ownerId}`;
}

/** The idle containers of the owner who has most interpreters among those with an idle one. */
function ofLargest(containers: readonly Container[]): readonly Container[] {
  const byOwner = new Map<string, Container[]>();
  for (const container of containers) {
    const own = byOwner.get(container.ownerId);
    if (own === undefined) byOwner.set(container.ownerId, [container]);
    else own.push(container);
  }
  const owners = [...byOwner.values()].filter((own) => own.some(({ isIdle }) => isIdle));
  return owners.reduce((largest, own) => (own.length > largest.length ? own : largest), []);
}

function tooMany(max: number): ApiError {
  const message = `This API key already has ${max} containers in use, which is its limit; wait until one is free, or reuse one`;
  return new ApiError("rate_limit_error", message, { headers: { "retry-after": "30" } });
}

function exhausted(max: number, whose: string): ToolscriptError {
  return new ToolscriptError(
    "pool-exhausted",
    `Starting an interpreter failed: all "${max}" that there may be ${whose}are in use; try again later`,
  );
}
