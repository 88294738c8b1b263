/**
 * Which containers may be reached through the guard.
 *
 * Guarantees: a request is only ever sent on for a container whose label was seen, under its full id, which no other
 * container can get; only containers that this guard made are started, attached to and measured; there are never more of
 * these than allowed.
 */
import type { Daemon } from "./daemon.ts";
import { forbidden } from "./refusal.ts";

/** Ids that are remembered; then it starts anew, which costs a request for each. */
const MAX_KNOWN = 10_000;

/** The containers of one guard. */
export class Containers {
  readonly #daemon: Daemon;
  readonly #maxContainers: number;
  readonly #known = new Set<string>();
  #made = new Set<string>();
  #starting = 0;

  constructor(daemon: Daemon, maxContainers: number) {
    this.#daemon = daemon;
    this.#maxContainers = maxContainers;
  }

  /** The full id, or undefined when there is no such container. @throws {Refusal} 403 when it is not one of ours */
  async find(name: string): Promise<string | undefined> {
    if (this.#made.has(name) || this.#known.has(name)) return name;
    const found = await this.#daemon.findContainer(name);
    if (found === undefined) return undefined;
    if (!found.isOurs) throw forbidden(`the container "${name}" is not one of the sandbox`);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(found.id);
    return found.id;
  }

  /** @throws {Refusal} 403 unless this guard made the container */
  checkMade(id: string): void {
    if (this.#made.has(id)) return;
    throw forbidden(`the container "${id}" was not made through this guard`);
  }

  /** Makes one container, when there may be one more. `make` returns its id, or undefined when there is none. */
  async make(make: () => Promise<string | undefined>): Promise<void> {
    if (this.#isFull()) await this.#forgetGone();
    if (this.#isFull()) {
      throw forbidden(`there are "${this.#maxContainers}" containers of this guard already, its maximum`);
    }
    this.#starting += 1;
    try {
      const id = await make();
      if (id !== undefined) this.#made.add(id);
    } finally {
      this.#starting -= 1;
    }
  }

  #isFull(): boolean {
    return this.#made.size + this.#starting >= this.#maxContainers;
  }

  /** Containers go by themselves when they end. */
  async #forgetGone(): Promise<void> {
    const before = [...this.#made];
    const left = new Set((await this.#daemon.listOurs()).map(({ id }) => id));
    for (const id of before) if (!left.has(id)) this.#made.delete(id);
  }
}
