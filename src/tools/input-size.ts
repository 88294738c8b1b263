/**
 * How large an input is, found by looking through it once: in one go when it is small, in shares of a turn when not.
 */
import type { ListedObject } from "./small-input.ts";

/** Keys from which an object counts as wide: listing its keys is work of its own. */
const WIDE_KEYS = 64;

/** What decides how long a check may take. */
export interface InputSize {
  /** Objects, arrays, members and items. */
  readonly parts: number;
  /** Characters of all strings and keys. */
  readonly chars: number;
  /** Characters of the longest string. */
  readonly longestText: number;
  /** Characters of the longest key. */
  readonly longestKey: number;
  /** Levels of objects and arrays. */
  readonly depth: number;
  /** The keys of objects that have many, so that nobody needs to list them again. */
  readonly wideKeys: ReadonlyMap<unknown, readonly string[]>;
}

const seenWide = new WeakSet<object>();

/** Whether an object was seen to have many keys, by whatever looked through it before. */
export function wasSeenWide(value: object): boolean {
  return seenWide.has(value);
}

interface Level {
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[];
  /** Undefined for an array. */
  readonly keys: readonly string[] | undefined;
  at: number;
}

/** Looks through an input. */
export class InputWalk implements InputSize {
  readonly #open: Level[] = [];
  readonly #wide = new Map<unknown, readonly string[]>();
  readonly #known: ReadonlyMap<unknown, readonly string[]> | undefined;
  readonly #listed: ListedObject | undefined;
  parts = 0;
  chars = 0;
  longestText = 0;
  longestKey = 0;
  depth = 0;

  /**
   * @param known Objects that are known to have many keys; such a one only counts, and is not looked into.
   * @param listed An object whose keys have just been listed.
   */
  constructor(input: unknown, known?: ReadonlyMap<unknown, readonly string[]>, listed?: ListedObject) {
    this.#known = known;
    this.#listed = listed;
    this.#visit(input);
  }

  get wideKeys(): ReadonlyMap<unknown, readonly string[]> {
    return this.#wide;
  }

  /** Goes on for about so many parts; true at the end. */
  advance(parts: number): boolean {
    const limit = this.parts + parts;
    for (let level = this.#open.at(-1); level !== undefined; level = this.#open.at(-1)) {
      const { value, keys } = level;
      const length = keys?.length ?? (value as readonly unknown[]).length;
      const depth = this.#open.length;
      while (level.at < length && this.#open.length === depth) {
        const key = keys?.[level.at] ?? level.at;
        level.at += 1;
        this.#visit((value as Readonly<Record<string | number, unknown>>)[key]);
        if (this.parts > limit) return false;
      }
      if (this.#open.length === depth) this.#open.pop();
    }
    return true;
  }

  #visit(value: unknown): void {
    this.parts += 1;
    if (typeof value === "string") {
      this.chars += value.length;
      if (value.length > this.longestText) this.longestText = value.length;
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const known = this.#known?.get(value);
    if (known !== undefined) {
      this.parts += known.length;
      return;
    }
    const keys = Array.isArray(value) ? undefined : this.#toKeys(value);
    if (keys !== undefined) this.#noteKeys(value, keys);
    this.#open.push({ value: value as Level["value"], keys, at: 0 });
    if (this.#open.length > this.depth) this.depth = this.#open.length;
  }

  #toKeys(value: object): readonly string[] {
    return this.#listed?.object === value ? this.#listed.keys : Object.keys(value);
  }

  #noteKeys(value: object, keys: readonly string[]): void {
    for (const { length } of keys) {
      this.chars += length;
      if (length > this.longestKey) this.longestKey = length;
    }
    if (keys.length < WIDE_KEYS) return;
    this.#wide.set(value, keys);
    seenWide.add(value);
  }
}
