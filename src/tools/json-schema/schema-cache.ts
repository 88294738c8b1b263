/**
 * Schemas that are kept for tools declared again, as a proxy's clients do in every request. Bounded by what they may hold,
 * compiled, not by their number alone; the one that was not used for longest goes first.
 */
import type { SchemaInput } from "./schema-input.ts";

/** Bytes that the kept schemas may hold together, as far as that can be told. */
export const DEFAULT_MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** Schemas that are kept. */
export const DEFAULT_MAX_CACHED_SCHEMAS = 1_000;

/** Bytes of any compiled schema, and for each of its parts. (Measured: 26 kB with 10 parts, 461 kB with 402.) */
const COMPILED_BYTES = 25_000;
const COMPILED_BYTES_A_NODE = 1_200;

interface Kept {
  readonly input: SchemaInput;
  readonly bytes: number;
}

const kept = new Map<string, Kept>();
let bytes = 0;

/** The schema of that digest, which makes it the last one to go. */
export function takeCached(key: string): SchemaInput | undefined {
  const one = kept.get(key);
  if (one === undefined) return undefined;
  kept.delete(key);
  kept.set(key, one);
  return one.input;
}

/** Keeps a schema. */
export function keepCached(
  key: string,
  input: SchemaInput,
  size: { readonly nodes: number; readonly documentChars: number },
): void {
  drop(key);
  const own = COMPILED_BYTES + COMPILED_BYTES_A_NODE * size.nodes + 2 * size.documentChars;
  kept.set(key, { input, bytes: own });
  bytes += own;
  for (const [oldest] of kept) {
    if (bytes <= DEFAULT_MAX_CACHED_BYTES && kept.size <= DEFAULT_MAX_CACHED_SCHEMAS) break;
    drop(oldest);
  }
}

function drop(key: string): void {
  bytes -= kept.get(key)?.bytes ?? 0;
  kept.delete(key);
}
