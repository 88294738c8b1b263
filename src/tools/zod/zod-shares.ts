/**
 * Checks a large value with a Zod schema in shares of a turn: follows the schema's containers itself, gives Zod small
 * pieces, and stops at the first problems.
 *
 * What comes out is what Zod would make of the whole: each piece goes through the schema of its place, and the checks
 * of a container run on what its pieces became.
 */
import type * as z from "zod";
import type { TurnShare } from "../../turn-share.ts";
import { InputWalk } from "../input-size.ts";
import type { ZodResult } from "./zod-run.ts";
import {
  ANYTHING,
  LEAF_TYPES,
  prefixed,
  type Schema,
  shifted,
  toDef,
  toWorkedUnion,
  withDef,
  type ZodDef,
} from "./zod-pieces.ts";

/** Options of {@link parseInShares}. */
export interface ParseInSharesOptions {
  readonly share: TurnShare;
  /** Runs Zod on a piece, which may be told to stop at the first problem. */
  readonly run: (schema: Schema, value: unknown, abortEarly: boolean) => Promise<ZodResult>;
  /** Parts of a piece. */
  readonly pieceParts: number;
  /** The keys of objects that have many. */
  readonly wideKeys: ReadonlyMap<unknown, readonly string[]>;
  /** Problems of the members of an object that are collected. */
  readonly maxIssues: number;
}

/** How many pieces a value may be as large as where the schema is of a kind that is not followed. */
const MAX_WHOLE_PIECES = 40;

type Members = Readonly<Record<string, unknown>>;

/** The schemas that members of an object are checked with. */
interface MemberKinds {
  /** Small members together. */
  readonly some: (keys: readonly string[]) => Schema;
  /** The value of a large one. */
  readonly inner: (key: string) => Schema;
  /** A large one whose value has been checked. */
  readonly one: (key: string) => Schema;
}

/** Checks a value. */
export function parseInShares(
  schema: Schema,
  value: unknown,
  options: ParseInSharesOptions,
): Promise<ZodResult> {
  return new ShareParser(options).parse(schema, value);
}

class ShareParser {
  readonly #options: ParseInSharesOptions;

  constructor(options: ParseInSharesOptions) {
    this.#options = options;
  }

  async parse(schema: Schema, value: unknown): Promise<ZodResult> {
    const { share, pieceParts } = this.#options;
    if (share.due) await share.yieldTurn();
    const def = toDef(schema);
    if (LEAF_TYPES.has(def.type)) return this.#run(schema, value, true);
    if (this.#count(value, pieceParts) <= pieceParts) return this.#run(schema, value);
    if (def.type === "array" && Array.isArray(value)) return this.#parseArray(schema, def, value);
    if (def.type === "object" && isMembers(value)) return this.#parseObject(schema, def, value);
    if (def.type === "record" && isMembers(value)) return this.#parseRecord(schema, def, value);
    if (def.innerType !== undefined && WRAPPERS.has(def.type)) {
      return this.#parseWrapped(schema, def.innerType, value);
    }
    if (def.type === "lazy") return this.#finish(await this.parse(toInnerType(schema), value), def);
    if (def.type === "pipe" && def.in !== undefined && def.out !== undefined && !("transform" in def)) {
      return this.#parsePipe(def.in, def.out, def, value);
    }
    if (def.type === "union" && def.options !== undefined) return this.#parseUnion(schema, def, value);
    return this.#parseWhole(schema, value);
  }

  async #parseArray(schema: Schema, def: ZodDef, items: readonly unknown[]): Promise<ZodResult> {
    const bare = withDef(schema, { checks: [] });
    const values: unknown[] = [];
    for (const { from, to, isLarge } of this.#toSlices(items, (item) => item)) {
      const result = isLarge
        ? prefixed(await this.parse(def.element ?? ANYTHING, items[from]), from)
        : shifted(await this.#run(bare, items.slice(from, to)), from);
      if (!result.ok) return result;
      for (const value of isLarge ? [result.value] : (result.value as unknown[])) values.push(value);
      await this.#pause();
    }
    return this.#finish({ ok: true, value: values }, def);
  }

  async #parseObject(schema: Schema, def: ZodDef, value: Members): Promise<ZodResult> {
    const shape = def.shape ?? {};
    const values: Record<string, unknown> = {};
    const fields = await this.#parseMembers(value, Object.keys(shape), values, {
      some: (keys) => withDef(schema, { shape: pick(shape, keys), catchall: undefined, checks: [] }),
      inner: (key) => shape[key] ?? ANYTHING,
      one: (key) => withDef(schema, { shape: { [key]: ANYTHING }, catchall: undefined, checks: [] }),
    });
    if (!fields.ok || def.catchall === undefined) return this.#finish(fields, def);
    const { catchall } = def;
    const rest = withDef(schema, { shape: {}, checks: [] });
    const others = this.#toKeys(value).filter((key) => !Object.hasOwn(shape, key));
    await this.#pause();
    const kinds = { some: () => rest, inner: () => catchall, one: () => rest };
    return this.#finish(await this.#parseMembers(value, others, values, kinds), def);
  }

  async #parseRecord(schema: Schema, def: ZodDef, value: Members): Promise<ZodResult> {
    // All keys of such a record have to be there: they can only be seen together.
    if (def.keyType?._zod.values !== undefined) return this.#parseWhole(schema, value);
    const bare = withDef(schema, { checks: [] });
    const keyed = withDef(schema, { valueType: ANYTHING, checks: [] });
    const inner = def.valueType ?? ANYTHING;
    const kinds = { some: () => bare, inner: () => inner, one: () => keyed };
    return this.#finish(await this.#parseMembers(value, this.#toKeys(value), {}, kinds), def);
  }

  /** Checks members of an object, small ones together, and collects problems. What they become goes into `into`. */
  async #parseMembers(
    value: Members,
    keys: readonly string[],
    into: Record<string, unknown>,
    kinds: MemberKinds,
  ): Promise<ZodResult> {
    const issues: z.core.$ZodIssue[] = [];
    let problems = 0;
    for (const { from, to, isLarge } of this.#toSlices(keys, (key) => value[key])) {
      const some = keys.slice(from, to);
      const result = isLarge
        ? await this.#parseMember(value, some[0] ?? "", kinds)
        : await this.#run(kinds.some(some), pick(value, some));
      if (result.ok) Object.assign(into, result.value);
      else if (result.issues === undefined) return result;
      else {
        for (const issue of result.issues) {
          issues.push(issue);
          problems += issue.code === "unrecognized_keys" ? issue.keys.length : 1;
        }
      }
      if (problems >= this.#options.maxIssues) break;
      await this.#pause();
    }
    return issues.length > 0 ? { ok: false, issues } : { ok: true, value: into };
  }

  /** A large member: its value on its own, then both together. */
  async #parseMember(value: Members, key: string, { inner, one }: MemberKinds): Promise<ZodResult> {
    const result = prefixed(await this.parse(inner(key), value[key]), key);
    return result.ok ? this.#run(one(key), Object.fromEntries([[key, result.value]])) : result;
  }

  #toKeys(value: Members): readonly string[] {
    return this.#options.wideKeys.get(value) ?? Object.keys(value);
  }

  async #parseWrapped(schema: Schema, innerType: Schema, value: unknown): Promise<ZodResult> {
    const inner = await this.parse(innerType, value);
    return inner.ok ? this.#run(withDef(schema, { innerType: ANYTHING }), inner.value) : inner;
  }

  async #parsePipe(first: Schema, second: Schema, def: ZodDef, value: unknown): Promise<ZodResult> {
    const before = await this.parse(first, value);
    return before.ok ? this.#finish(await this.parse(second, before.value), def) : before;
  }

  async #parseUnion(schema: Schema, def: ZodDef, value: unknown): Promise<ZodResult> {
    const union = toWorkedUnion(def, value);
    if (union === undefined) return this.#parseWhole(schema, value);
    const errors: z.core.$ZodIssue[][] = [];
    for (const option of union.options) {
      const result = await this.parse(option, value);
      if (result.ok || result.issues === undefined || union.isDecided) return this.#finish(result, def);
      errors.push([...result.issues]);
    }
    const issue: z.core.$ZodIssue = {
      code: "invalid_union",
      path: [],
      message: "Invalid input",
      errors,
      input: undefined,
    };
    return { ok: false, issues: [issue] };
  }

  /** A schema of a kind that is not followed gets the value at once, unless that is far too large. */
  async #parseWhole(schema: Schema, value: unknown): Promise<ZodResult> {
    const most = MAX_WHOLE_PIECES * this.#options.pieceParts;
    if (this.#count(value, most) <= most) return this.#run(schema, value, true);
    const { type } = toDef(schema);
    const text = `has more than ${most} parts where its schema has the kind "${type}", which is checked as a whole`;
    return { ok: false, issues: undefined, text };
  }

  /** Runs the checks of a container on what its pieces became. */
  async #finish(result: ZodResult, { checks = [] }: ZodDef): Promise<ZodResult> {
    if (!result.ok || checks.length === 0) return result;
    return this.#run(withDef(ANYTHING, { checks }), result.value);
  }

  #run(schema: Schema, value: unknown, abortEarly = false): Promise<ZodResult> {
    return this.#options.run(schema, value, abortEarly);
  }

  async #pause(): Promise<void> {
    const { share } = this.#options;
    if (share.due) await share.yieldTurn();
  }

  /** Neighbours that make one piece; one that is larger stands alone. */
  *#toSlices<Item>(
    items: readonly Item[],
    toValue: (item: Item) => unknown,
  ): Generator<{ from: number; to: number; isLarge: boolean }, void> {
    const { pieceParts } = this.#options;
    let from = 0;
    let weight = 0;
    for (const [at, item] of items.entries()) {
      const own = this.#count(toValue(item), pieceParts);
      weight += own;
      if (weight <= pieceParts) continue;
      if (at > from) yield { from, to: at, isLarge: false };
      from = at;
      weight = own;
      if (own > pieceParts) {
        yield { from: at, to: at + 1, isLarge: true };
        from = at + 1;
        weight = 0;
      }
    }
    if (items.length > from) yield { from, to: items.length, isLarge: false };
  }

  /** Parts of a value, as far as a little more than `most`. */
  #count(value: unknown, most: number): number {
    const walk = new InputWalk(value, this.#options.wideKeys);
    walk.advance(most);
    return walk.parts;
  }
}

/** Schemas around one other, which they may pass over. */
const WRAPPERS = new Set(["optional", "nullable", "default", "prefault", "nonoptional", "readonly"]);

function toInnerType(schema: Schema): Schema {
  return (schema as Schema & { _zod: { innerType: Schema } })._zod.innerType;
}

/** Some members of an object, as far as it has them. */
function pick<Value>(
  members: Readonly<Record<string, Value>>,
  keys: readonly string[],
): Record<string, Value> {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(members, key)).map((key) => [key, members[key] as Value]),
  );
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
