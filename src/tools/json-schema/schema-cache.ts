/**
 * What is kept of schemas from outside, for tools declared again, as a proxy's clients do in every request. Bounded by what
 * is held, not by numbers alone: the texts of schemas, and those that are compiled.
 */
import type { SchemaInput } from "./schema-input.ts";

/** Bytes that the texts of the kept schemas may hold together. */
export const DEFAULT_MAX_CACHED_BYTES = 16 * 1024 * 1024;
/** Schemas that are kept. */
export const DEFAULT_MAX_CACHED_SCHEMAS = 1_000;
/** Bytes that compiled schemas may hold together, as far as that can be told. */
export const DEFAULT_MAX_COMPILED_BYTES = 32 * 1024 * 1024;

/** Bytes of any compiled schema, and for each of its parts. (Measured: 26 kB with 10 parts, 461 kB with 402.) */
const COMPILED_BYTES = 25_000;
const COMPILED_BYTES_A_NODE = 1_200;

/** Things that hold bytes, oldest first; when they are too many, the oldest go. */
class Shelf<Key, Value> {
  readonly #kept = new Map<Key, { readonly value: Value; readonly bytes: number }>();
  readonly #maxBytes: number;
  readonly #drop: (value: Value) => void;
  #bytes = 0;

  constructor(maxBytes: number, drop: (value: Value) => void) {
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

  keep(key: Key, value: Value, bytes: number): void {
    this.#bytes += bytes - (this.#kept.get(key)?.bytes ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, { value, bytes });
    for (const [oldest, one] of this.#kept) {
      if (this.#bytes <= this.#maxBytes && this.#kept.size <= DEFAULT_MAX_CACHED_SCHEMAS) break;
      this.#kept.delete(oldest);
      this.#bytes -= one.bytes;
      this.#drop(one.value);
    }
  }
}

const schemas = new Shelf<string, SchemaInput>(DEFAULT_MAX_CACHED_BYTES, () => undefined);
const compiled = new Shelf<SchemaInput, SchemaInput>(DEFAULT_MAX_COMPILED_BYTES, (input) => input.release());

/** The schema of that digest. */
export function takeCached(key: string): SchemaInput | undefined {
  return schemas.take(key);
}

/** Keeps a schema. */
export function keepCached(key: string, input: SchemaInput, documentChars: number): void {
  schemas.keep(key, input, 2 * documentChars);
}

/** Notes that a schema has been compiled; others may lose what they were compiled to. */
export function keepCompiled(input: SchemaInput, nodes: number): void {
  compiled.keep(input, input, COMPILED_BYTES + COMPILED_BYTES_A_NODE * nodes);
}
