/** Pieces of Zod schemas, and what Zod found in pieces of a value. */
import * as z from "zod";
import { toWords } from "../json-schema/keywords.ts";
import type { ZodResult } from "./zod-run.ts";

/** Any Zod 4 schema. */
export type Schema = z.core.$ZodType;

/** The parts of a schema's definition that containers have. */
export interface ZodDef {
  readonly type: string;
  readonly checks?: readonly unknown[];
  readonly element?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly inclusive?: boolean;
  readonly unionFallback?: boolean;
}

/** A schema that everything fits. */
export const ANYTHING: Schema = z.any();

/** Kinds of schemas that take the same time for any value, and kinds whose time is their author's own. */
export const LEAF_TYPES: ReadonlySet<string> = new Set(
  toWords(`any bigint boolean custom date enum int literal nan never null number string symbol
    template_literal transform undefined unknown void`),
);

/** The definition of a schema. */
export function toDef(schema: Schema): ZodDef {
  return schema._zod.def;
}

/** The same schema with another definition. */
export function withDef(schema: Schema, changes: Readonly<Record<string, unknown>>): Schema {
  const { shape: _getter, ...def } = schema._zod.def as unknown as Readonly<Record<string, unknown>>;
  return z.core.clone(schema, { ...def, ...changes } as never);
}

/** A problem in a part, seen from the whole. */
export function prefixed(result: ZodResult, key: PropertyKey): ZodResult {
  if (result.ok || result.issues === undefined) return result;
  return { ok: false, issues: result.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })) };
}

/** A problem in a slice of an array that began at `from`. */
export function shifted(result: ZodResult, from: number): ZodResult {
  if (result.ok || result.issues === undefined) return result;
  return {
    ok: false,
    issues: result.issues.map((issue) => {
      const [first, ...rest] = issue.path;
      return typeof first === "number" ? { ...issue, path: [first + from, ...rest] } : issue;
    }),
  };
}

/**
 * The options of a union that may fit a value: all of them, or the one that its tag names.
 *
 * @returns undefined for a union of another kind, and when no option has the tag
 */
export function toWorkedUnion(
  { options = [], discriminator, inclusive, unionFallback }: ZodDef,
  value: unknown,
): { readonly options: readonly Schema[]; readonly isDecided: boolean } | undefined {
  if (discriminator === undefined) return inclusive === false ? undefined : { options, isDecided: false };
  const tag = (value as Readonly<Record<string, unknown>> | null)?.[discriminator];
  const tagged = options.filter(
    (option) => option._zod.propValues?.[discriminator]?.has(tag as never) === true,
  );
  if (tagged.length === 1) return { options: tagged, isDecided: true };
  return unionFallback === true ? { options, isDecided: false } : undefined;
}
