/**
 * What is kept of schemas from outside, for tools declared again, as a proxy's clients do in every request. Bounded by what
 * is held, not by numbers alone: the texts of schemas, and those that are compiled.
 */
import { Shelf } from "../shelf.ts";
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

const schemas = new Shelf<string, SchemaInput>(DEFAULT_MAX_CACHED_SCHEMAS, DEFAULT_MAX_CACHED_BYTES);
const compiled = new Shelf<SchemaInput, SchemaInput>(
  DEFAULT_MAX_CACHED_SCHEMAS,
  DEFAULT_MAX_COMPILED_BYTES,
  (input) => input.release(),
);

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
