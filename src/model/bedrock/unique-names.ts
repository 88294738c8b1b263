/**
 * Names that differ from one another.
 *
 * Guarantees: the first of a name keeps it, those after it get a number, the same for the same order of names, so that a
 * longer conversation begins with the same bytes. Names that only the size of letters tells apart count as one.
 */

/** Room for the largest number. */
const MAX_SUFFIX = " (999999)".length;

/** The names of one request. */
export class UniqueNames {
  readonly #maxLength: number;
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The name, or the next one like it that is free. */
  take(wanted: string): string {
    const name = wanted.slice(0, this.#maxLength).trim();
    const key = name.toLowerCase();
    if (!this.#taken.has(key)) return this.#keep(name);
    // One count for all names that a number makes alike: each number is tried once.
    const stem = key.slice(0, this.#maxLength - MAX_SUFFIX);
    for (let number = this.#next.get(stem) ?? 2; ; number += 1) {
      const suffix = ` (${number})`;
      const numbered = name.slice(0, this.#maxLength - suffix.length).trimEnd() + suffix;
      if (this.#taken.has(numbered.toLowerCase())) continue;
      this.#next.set(stem, number + 1);
      return this.#keep(numbered);
    }
  }

  #keep(name: string): string {
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
