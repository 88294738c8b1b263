/**
 * Fills in the `default`s of a schema where a property is missing. Copies only what changes, and only looks where a default
 * can be reached: through properties, items, references and what must hold together, not through choices.
 *
 * A default is a remark of the schema's author and makes no input wrong: one that does not fit its own schema is not filled in.
 */
import type { Steps } from "../../turn-share.ts";
import type { JsonSchema } from "../tool.ts";
import { isObject } from "./keywords.ts";
import { mayFit } from "./may-fit.ts";
import { followPointer } from "./pointer.ts";

/** Parts that defaults may add to one input. */
export const DEFAULT_MAX_FILLED_PARTS = 250_000;
/** Levels of defaults within defaults. */
const MAX_NESTED_DEFAULTS = 8;

/** One default. */
interface Fallback {
  readonly value: unknown;
  /** Objects, arrays and values in it. */
  readonly parts: number;
}

/** Where defaults are, seen from one place of an input. A recursive schema makes it a circle. */
export class DefaultPlan {
  /** Defaults of properties that may be missing. */
  readonly own = new Map<string, Fallback>();
  readonly properties = new Map<string, DefaultPlan>();
  readonly prefix = new Map<number, DefaultPlan>();
  /** For all other properties, and for all other items. */
  others: DefaultPlan | undefined;
  items: DefaultPlan | undefined;
}

/** Reads where the defaults of a schema are; undefined when none can be reached. */
export function toDefaultPlan(root: JsonSchema): DefaultPlan | undefined {
  return new Planner(root).toPlan();
}

/** Parts of the largest default of a plan; 0 where there is none. */
export function toHeaviestDefault(plan: DefaultPlan | undefined, seen = new Set<DefaultPlan>()): number {
  if (plan === undefined || seen.has(plan)) return 0;
  seen.add(plan);
  const own = [...plan.own.values()].map(({ parts }) => parts);
  return Math.max(0, ...own, ...toInner(plan).map((inner) => toHeaviestDefault(inner, seen)));
}

/** Keys of objects that are known to have many. */
type WideKeys = ReadonlyMap<unknown, readonly string[]>;

/**
 * Fills in what is missing, in steps between which the caller may pause.
 *
 * @param wide The keys of objects that have many, where they are known.
 * @returns the value with defaults; the same one when nothing was missing
 * @throws {Error} when the defaults would make it far too large
 */
export function* fillDefaults(
  plan: DefaultPlan | undefined,
  value: unknown,
  wide: WideKeys = new Map(),
): Steps<unknown> {
  return plan === undefined ? value : yield* new Filler(wide).fill(plan, value, 0);
}

/**
 * Takes out again what was filled in and then refused.
 *
 * @param paths Where problems are in `filled`.
 * @returns undefined where a problem lies in what was given
 */
export function withoutRefused(
  input: unknown,
  filled: unknown,
  paths: readonly (readonly (string | number)[])[],
): unknown {
  let rest = filled;
  for (const path of paths) {
    const [next, isTaken] = takeOut(input, rest, path);
    if (!isTaken) return undefined;
    rest = next;
  }
  return rest;
}

/** Takes out the first step of a path that was not given. */
function takeOut(
  given: unknown,
  filled: unknown,
  [key, ...path]: readonly (string | number)[],
): [rest: unknown, isTaken: boolean] {
  if (key === undefined || !isContainer(given) || !isContainer(filled)) return [filled, false];
  if (!Object.hasOwn(filled, key)) return [filled, !Object.hasOwn(given, key)];
  const copy = Array.isArray(filled) ? [...(filled as unknown[])] : { ...filled };
  if (!Object.hasOwn(given, key) || given[key] === undefined) {
    delete (copy as Record<string | number, unknown>)[key];
    return [copy, true];
  }
  const [rest, isTaken] = takeOut(given[key], filled[key], path);
  if (isTaken) setMember(copy as Members, String(key), rest);
  return [copy, isTaken];
}

function isContainer(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === "object" && value !== null;
}

type Members = Readonly<Record<string, unknown>>;

class Filler {
  readonly #wide: WideKeys;
  #parts = 0;

  constructor(wide: WideKeys) {
    this.#wide = wide;
  }

  *fill(plan: DefaultPlan, value: unknown, nested: number): Steps<unknown> {
    yield undefined;
    if (Array.isArray(value)) return yield* this.#fillItems(plan, value, nested);
    return isObject(value) ? yield* this.#fillMembers(plan, value, nested) : value;
  }

  *#fillMembers(plan: DefaultPlan, value: Members, nested: number): Steps<unknown> {
    const changes: [string, unknown][] = [];
    for (const [key, fallback] of nested > MAX_NESTED_DEFAULTS ? [] : plan.own) {
      if (Object.hasOwn(value, key) && value[key] !== undefined) continue;
      const made = this.#make(fallback);
      const inner = plan.properties.get(key);
      changes.push([key, inner === undefined ? made : yield* this.fill(inner, made, nested + 1)]);
    }
    for (const [key, inner] of plan.properties) {
      if (!Object.hasOwn(value, key)) continue;
      const next = yield* this.fill(inner, value[key], nested);
      if (next !== value[key]) changes.push([key, next]);
    }
    for (const key of plan.others === undefined ? [] : this.#toKeys(value)) {
      if (plan.others === undefined || plan.own.has(key) || plan.properties.has(key)) continue;
      const next = yield* this.fill(plan.others, value[key], nested);
      if (next !== value[key]) changes.push([key, next]);
    }
    return changes.length === 0 ? value : yield* this.#copy(value, changes);
  }

  *#fillItems(plan: DefaultPlan, value: readonly unknown[], nested: number): Steps<unknown> {
    if (plan.items === undefined && plan.prefix.size === 0) return value;
    let filled: unknown[] | undefined;
    for (const [at, item] of value.entries()) {
      const inner = plan.prefix.get(at) ?? plan.items;
      const next = inner === undefined ? item : yield* this.fill(inner, item, nested);
      if (next === item) continue;
      filled ??= [...value];
      filled[at] = next;
    }
    return filled ?? value;
  }

  #make({ value, parts }: Fallback): unknown {
    this.#parts += parts;
    if (this.#parts > DEFAULT_MAX_FILLED_PARTS) {
      throw new Error(`its defaults would add more than ${DEFAULT_MAX_FILLED_PARTS} parts`);
    }
    return parts === 1 ? value : structuredClone(value);
  }

  /** A copy with changes; a very wide object is copied in steps. */
  *#copy(value: Members, changes: readonly (readonly [string, unknown])[]): Steps<unknown> {
    const keys = this.#wide.get(value);
    const copy: Members = keys === undefined ? { ...value } : {};
    for (const [at, key] of (keys ?? []).entries()) {
      setMember(copy, key, value[key]);
      if (at % KEYS_A_STEP === 0) yield undefined;
    }
    for (const [key, changed] of changes) setMember(copy, key, changed);
    return copy;
  }

  #toKeys(value: Members): readonly string[] {
    return this.#wide.get(value) ?? Object.keys(value);
  }
}

/** Members that are copied in one step. */
const KEYS_A_STEP = 500;

/** As JSON sets it: a member of any name is a member like any other. */
function setMember(members: Members, key: string, value: unknown): void {
  if (key !== "__proto__") (members as Record<string, unknown>)[key] = value;
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true });
}

function countParts(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((parts: number, part) => parts + countParts(part), 1);
}

/** Makes one plan for each schema, then forgets those that lead to no default. */
class Planner {
  readonly #root: JsonSchema;
  readonly #plans = new Map<unknown, DefaultPlan>();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  toPlan(): DefaultPlan | undefined {
    const plan = this.#plan(this.#root);
    const live = this.#toLive();
    for (const one of live) prune(one, live);
    return plan !== undefined && live.has(plan) ? plan : undefined;
  }

  #plan(schema: unknown): DefaultPlan | undefined {
    if (!isObject(schema)) return undefined;
    const known = this.#plans.get(schema);
    if (known !== undefined) return known;
    const plan = new DefaultPlan();
    this.#plans.set(schema, plan);
    for (const part of this.#toParts(schema, new Set())) this.#read(part, plan);
    return plan;
  }

  #read({ properties, additionalProperties, items, prefixItems }: JsonSchema, plan: DefaultPlan): void {
    for (const [key, part] of isObject(properties) ? Object.entries(properties) : []) {
      const value = isObject(part) ? part["default"] : undefined;
      if (value !== undefined && !plan.own.has(key) && mayFit(part, value, this.#root)) {
        plan.own.set(key, { value, parts: countParts(value) });
      }
      const inner = this.#plan(part);
      if (inner !== undefined && !plan.properties.has(key)) plan.properties.set(key, inner);
    }
    plan.others ??= this.#plan(additionalProperties);
    const lists = [items, prefixItems].filter((list) => Array.isArray(list)) as unknown[][];
    for (const [at, part] of lists.flatMap((list) => [...list.entries()])) {
      const inner = this.#plan(part);
      if (inner !== undefined) plan.prefix.set(at, inner);
    }
    plan.items ??= this.#plan(items);
  }

  /** What holds together with a schema: itself, what it refers to, its `allOf`. */
  #toParts(schema: JsonSchema, parts: Set<JsonSchema>): Set<JsonSchema> {
    if (parts.has(schema)) return parts;
    parts.add(schema);
    const { $ref, allOf } = schema;
    const others = [followPointer($ref, this.#root), ...(Array.isArray(allOf) ? (allOf as unknown[]) : [])];
    for (const part of others) if (isObject(part)) this.#toParts(part, parts);
    return parts;
  }

  /** The plans that lead to a default. Inner ones were made later, so one pass is nearly always enough. */
  #toLive(): Set<DefaultPlan> {
    const plans = [...this.#plans.values()].toReversed();
    const live = new Set<DefaultPlan>();
    for (let before = -1; before < live.size;) {
      before = live.size;
      for (const plan of plans) {
        if (plan.own.size > 0 || toInner(plan).some((inner) => live.has(inner))) live.add(plan);
      }
    }
    return live;
  }
}

function toInner({ properties, prefix, others, items }: DefaultPlan): DefaultPlan[] {
  return [...properties.values(), ...prefix.values(), others, items].filter((inner) => inner !== undefined);
}

function prune(plan: DefaultPlan, live: ReadonlySet<DefaultPlan>): void {
  for (const map of [plan.properties, plan.prefix] as Map<unknown, DefaultPlan>[]) {
    for (const [key, inner] of map) if (!live.has(inner)) map.delete(key);
  }
  if (plan.others !== undefined && !live.has(plan.others)) plan.others = undefined;
  if (plan.items !== undefined && !live.has(plan.items)) plan.items = undefined;
}
