/**
 * A place for things that hold memory: when they are too many, or hold too much together, those go that were not asked for
 * for longest.
 */

/** Keeps values by their keys. */
export class Shelf<Key, Value> {
  readonly #kept = new Map<Key, { readonly value: Value; readonly bytes: number }>();
  readonly #maxValues: number;
  readonly #maxBytes: number;
  readonly #drop: (value: Value) => void;
  #bytes = 0;

  /** @param drop Called with each value that has to go. */
  constructor(maxValues: number, maxBytes: number, drop: (value: Value) => void = () => undefined) {
    this.#maxValues = maxValues;
    this.#maxBytes = maxBytes;
    this.#drop = drop;
  }

  /** What is kept under that key, which makes it the youngest. */
  take(key: Key): Value | undefined {
    const one = this.#kept.get(key);
    if (one === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, one);
    return one.value;
  }

  /** Keeps a value in place of the one that had the key. Others may have to go for it. */
  keep(key: Key, value: Value, bytes: number): void {
    this.#bytes += bytes - (this.#kept.get(key)?.bytes ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, { value, bytes });
    for (const [oldest, one] of this.#kept) {
      if (this.#bytes <= this.#maxBytes && this.#kept.size <= this.#maxValues) break;
      this.#kept.delete(oldest);
      this.#bytes -= one.bytes;
      this.#drop(one.value);
    }
  }
}
