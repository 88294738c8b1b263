/**
 * Scripts of a history that have no result yet, oldest first.
 *
 * Guarantee: every question costs the same, however many scripts there are and in whatever order they end.
 */

/** A script that waits. */
export interface PendingScript {
  readonly id: string;
  /** Number of the message that holds it. */
  readonly at: number;
}

/** The scripts that wait so far. */
export class PendingScripts {
  readonly #at = new Map<string, number>();
  /** Every script that was added, in order; those before `#next` have a result. */
  readonly #order: string[] = [];
  #next = 0;

  /** Adds a script that was never added before. */
  add(id: string, at: number): void {
    this.#at.set(id, at);
    this.#order.push(id);
  }

  /** Takes away a script that has a result; false when it does not wait. */
  delete(id: string): boolean {
    return this.#at.delete(id);
  }

  get oldest(): PendingScript | undefined {
    for (; this.#next < this.#order.length; this.#next += 1) {
      const id = this.#order[this.#next] ?? "";
      const at = this.#at.get(id);
      if (at !== undefined) return { id, at };
    }
    return undefined;
  }

  /** Ids, oldest first. */
  get ids(): string[] {
    return [...this.#at.keys()];
  }
}
