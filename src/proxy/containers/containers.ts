/**
 * All containers of this server, by id.
 *
 * Guarantees: an id leads to the container only for the key that made it; unknown, foreign and expired ids each get their
 * own error and never a fresh container in silence; after `close` nothing is left.
 */
import { ApiError, invalidRequest } from "../errors/api-error.ts";
import { Container, type ContainerOptions } from "./container.ts";

/** Expired ids that are remembered, so that their error can say so. */
const MAX_REMEMBERED_IDS = 10_000;

/** Settings that all containers share. */
export type ContainerSettings = Omit<ContainerOptions, "ownerId" | "onExpired">;

/** All containers. */
export class Containers {
  readonly #settings: ContainerSettings;
  readonly #open = new Map<string, Container>();
  /** Expired id → owner, oldest first. */
  readonly #expired = new Map<string, string>();
  readonly #closing = new Set<Promise<void>>();

  constructor(settings: ContainerSettings) {
    this.#settings = settings;
  }

  /** Containers that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Containers with a script that waits for its client. */
  get pausedCount(): number {
    return [...this.#open.values()].filter((container) => container.isPaused).length;
  }

  /** Makes a container. `maxOwned` is how many the owner may have. @throws {ApiError} `rate_limit_error` */
  create(ownerId: string, maxOwned = Infinity): Container {
    if (maxOwned !== Infinity && this.#countOf(ownerId) >= maxOwned) {
      throw new ApiError(
        "rate_limit_error",
        `This API key already has ${maxOwned} containers, which is its limit; reuse one or wait until one expires`,
        {
          headers: { "retry-after": "30" },
        },
      );
    }
    const onExpired = (expired: Container): void => this.#expire(expired);
    const container = new Container({ ...this.#settings, ownerId, onExpired });
    this.#open.set(container.id, container);
    return container;
  }

  /** The container of that id. @throws {ApiError} when it is unknown, another key's, or expired */
  get(id: string, ownerId: string): Container {
    const container = this.#open.get(id);
    const owner = container?.ownerId ?? this.#expired.get(id);
    if (owner === undefined) {
      throw new ApiError("not_found_error", `container: Container \`${id}\` was not found`);
    }
    if (owner !== ownerId) {
      throw new ApiError("permission_error", `container: Container \`${id}\` belongs to another API key`);
    }
    if (container !== undefined) return container;
    throw invalidRequest(
      `container: Container \`${id}\` has expired. Send the request without \`container\` to get a new one; scripts that were waiting in it are lost, so leave their blocks out of \`messages\``,
    );
  }

  /** Closes every container. */
  async close(): Promise<void> {
    for (const container of this.#open.values()) this.#expire(container);
    await Promise.all(this.#closing);
  }

  #countOf(ownerId: string): number {
    return [...this.#open.values()].filter((container) => container.ownerId === ownerId).length;
  }

  #expire(container: Container): void {
    this.#open.delete(container.id);
    this.#expired.set(container.id, container.ownerId);
    const [oldest] = this.#expired.keys();
    if (this.#expired.size > MAX_REMEMBERED_IDS && oldest !== undefined) this.#expired.delete(oldest);
    const closing = container.close().catch(() => {}); // a backend that fails to close has reported it itself
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }
}
