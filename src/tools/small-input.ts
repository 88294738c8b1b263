/**
 * Looks through an input that is small, as nearly all are, without making anything: it costs a fraction of a check. Of one
 * that is not small it says so, and remembers what was costly to find out.
 */
import type { InputSize } from "./input-size.ts";

/** Levels beyond which an input is not small. */
const MAX_DEPTH = 64;

const NOTHING_WIDE: ReadonlyMap<unknown, readonly string[]> = new Map();

/** The size of the input that was looked through last. Valid until the next one, so only within one turn. */
const last = { parts: 0, chars: 0, longestText: 0, longestKey: 0, depth: 0, wideKeys: NOTHING_WIDE };

/** An object that ended a look, with its keys: to list them once more could take a share of a turn. */
export interface ListedObject {
  readonly object: unknown;
  readonly keys: readonly string[];
}

let listed: ListedObject | undefined;

/**
 * Measures an input of at most so many parts.
 *
 * @returns undefined when it is larger. The size is to be used at once: it is overwritten by the next call.
 */
export function measureSmall(input: unknown, maxParts: number): InputSize | undefined {
  last.parts = 0;
  last.chars = 0;
  last.longestText = 0;
  last.longestKey = 0;
  last.depth = 0;
  listed = undefined;
  return look(input, 1, maxParts) ? last : undefined;
}

/** What the last {@link measureSmall} found too wide, if that is why the input was not small. */
export function takeListed(): ListedObject | undefined {
  const taken = listed;
  listed = undefined;
  return taken;
}

function look(value: unknown, depth: number, maxParts: number): boolean {
  last.parts += 1;
  if (typeof value === "string") {
    last.chars += value.length;
    if (value.length > last.longestText) last.longestText = value.length;
    return true;
  }
  if (typeof value !== "object" || value === null) return true;
  if (depth > last.depth) last.depth = depth;
  if (last.parts > maxParts || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    if (value.length > maxParts) return false;
    for (const item of value as readonly unknown[]) if (!look(item, depth + 1, maxParts)) return false;
    return last.parts <= maxParts;
  }
  return lookAtMembers(value as Readonly<Record<string, unknown>>, depth, maxParts);
}

function lookAtMembers(value: Readonly<Record<string, unknown>>, depth: number, maxParts: number): boolean {
  const keys = Object.keys(value);
  if (keys.length > maxParts) {
    listed = { object: value, keys };
    return false;
  }
  for (const key of keys) {
    last.chars += key.length;
    if (key.length > last.longestKey) last.longestKey = key.length;
    if (!look(value[key], depth + 1, maxParts)) return false;
  }
  return last.parts <= maxParts;
}
