/**
 * The JSON of a large result, made in shares of a turn: what is small enough is converted at once, what is not is taken
 * apart, list by list and object by object.
 *
 * Guarantees: the text is what converting the whole would give; a result that grows beyond its bound is given up there.
 */
import { types } from "node:util";
import { TurnShare } from "../turn-share.ts";

/** Values, with a value's worth for every 64 characters, that are converted at once. */
export const MAX_QUICK_WEIGHT = 20_000;

/** Characters of a string that are written at once, and of text that are kept as one part. */
const PART_CHARACTERS = 256 * 1024;

/** Items of a list that are looked at together. */
const GROUP_ITEMS = 500;

/** Whether `value` is light enough to be converted in one go; looks at no more than that. */
export function isLight(value: unknown, maxDepth: number): boolean {
  return weigh(value, MAX_QUICK_WEIGHT, maxDepth) >= 0;
}

/** What is left of `room` after `value`; negative when it is too heavy. */
function weigh(value: unknown, room: number, depth: number): number {
  let left = room - 1;
  if (typeof value === "string") return left - value.length / 64;
  if (typeof value !== "object" || value === null) return left;
  if (depth < 0) return -1;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index += 1) {
      left = weigh(value[index], left, depth - 1);
    }
    return left;
  }
  for (const key in value) {
    if (left < 0) break;
    left = weigh((value as Record<string, unknown>)[key], left, depth - 1);
  }
  return left;
}

/** Where a part stands in the result. */
export type Path = readonly (string | number)[];

/** How values become JSON. */
export interface HeavyRules {
  /** The JSON of a light part, or undefined for what JSON leaves out. Throws for what cannot be sent. */
  convert(value: unknown, path: Path): string | undefined;
  /** Throws for an object that cannot be sent whatever it holds. */
  check(value: object, path: Path): void;
  /** Throws for an object that holds itself. */
  refuseCycle(path: Path): never;
  readonly maxDepth: number;
  readonly maxCharacters: number;
  /** Whether the JSON itself is to be the content of a JSON string. */
  readonly isQuoted: boolean;
}

/** Thrown for a result of more than the allowed characters. */
export class ResultTooLong extends Error {}

/**
 * Writes a heavy value, as parts of one text.
 *
 * @throws {ResultTooLong} as soon as the text has more than `maxCharacters`; and whatever the rules throw
 */
export async function writeHeavy(value: unknown, rules: HeavyRules): Promise<readonly string[]> {
  const writer = new HeavyWriter(rules);
  await writer.write(value, []);
  return writer.finish();
}

class HeavyWriter {
  readonly #rules: HeavyRules;
  readonly #share = new TurnShare();
  /** Objects that are being written, outermost first. */
  readonly #open = new Set<object>();
  readonly #parts: string[] = [];
  #pieces: string[] = [];
  #pieceCharacters = 0;
  #characters = 0;

  constructor(rules: HeavyRules) {
    this.#rules = rules;
  }

  finish(): readonly string[] {
    this.#endPart();
    return this.#rules.isQuoted ? ['"', ...this.#parts, '"'] : this.#parts;
  }

  async write(value: unknown, path: Path): Promise<void> {
    if (typeof value === "string") await this.#writeString(value);
    else if (typeof value !== "object" || value === null || types.isBoxedPrimitive(value)) {
      this.#add(this.#rules.convert(value, path) ?? "null");
    } else await this.#writeParts(value, path);
  }

  async #writeParts(value: object, path: Path): Promise<void> {
    if (this.#open.has(value)) this.#rules.refuseCycle(path);
    if (path.length > this.#rules.maxDepth) this.#rules.convert(value, path); // says that it is too deep
    this.#rules.check(value, path);
    this.#open.add(value);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const convertible = value as { toJSON(key: string): unknown };
      await this.write(convertible.toJSON(String(path.at(-1) ?? "")), path);
    } else if (Array.isArray(value)) await this.#writeList(value, path);
    else await this.#writeObject(value, path);
    this.#open.delete(value);
  }

  async #writeString(value: string): Promise<void> {
    this.#add('"');
    let from = 0;
    while (from < value.length) {
      let to = Math.min(from + PART_CHARACTERS, value.length);
      const last = value.charCodeAt(to - 1);
      if (to < value.length && last >= 0xd800 && last <= 0xdbff) to -= 1; // both halves in one part
      this.#add(JSON.stringify(value.slice(from, to)).slice(1, -1));
      from = to;
      await this.#takeTurn();
    }
    this.#add('"');
  }

  async #writeList(list: readonly unknown[], path: Path): Promise<void> {
    this.#add("[");
    for (let from = 0; from < list.length; from += GROUP_ITEMS) {
      if (from > 0) this.#add(",");
      const group = list.slice(from, from + GROUP_ITEMS);
      if (!this.#addGroup(group, path)) await this.#writeItems(group, from, path);
      await this.#takeTurn();
    }
    this.#add("]");
  }

  /** Adds light neighbours together; false when they are to be looked at one by one. */
  #addGroup(group: readonly unknown[], path: Path): boolean {
    if (!isLight(group, this.#rules.maxDepth)) return false;
    try {
      this.#add((this.#rules.convert(group, path) ?? "[null]").slice(1, -1));
      return true;
    } catch (error) {
      if (error instanceof ResultTooLong) throw error;
      return false; // which of them it is, and why, is said when they are looked at alone
    }
  }

  async #writeItems(items: readonly unknown[], first: number, path: Path): Promise<void> {
    for (let index = 0; index < items.length; index += 1) {
      if (index > 0) this.#add(",");
      const item = items[index] ?? null;
      const place = [...path, first + index];
      if (isLight(item, this.#rules.maxDepth)) this.#add(this.#rules.convert(item, place) ?? "null");
      else await this.write(item, place);
      await this.#takeTurn();
    }
  }

  async #writeObject(value: object, path: Path): Promise<void> {
    this.#add("{");
    let separator = "";
    for (const [key, field] of Object.entries(value)) {
      const place = [...path, key];
      const isSmall = isLight(field, this.#rules.maxDepth);
      const json = isSmall ? this.#rules.convert(field, place) : "";
      if (json === undefined) continue;
      this.#add(`${separator}${JSON.stringify(key)}:${json}`);
      if (!isSmall) await this.write(field, place);
      separator = ",";
      await this.#takeTurn();
    }
    this.#add("}");
  }

  async #takeTurn(): Promise<void> {
    if (this.#share.due) await this.#share.yieldTurn();
  }

  #add(text: string): void {
    this.#characters += text.length;
    if (this.#characters > this.#rules.maxCharacters) throw new ResultTooLong();
    this.#pieces.push(text);
    this.#pieceCharacters += text.length;
    if (this.#pieceCharacters >= PART_CHARACTERS) this.#endPart();
  }

  #endPart(): void {
    const text = this.#pieces.join("");
    this.#pieces = [];
    this.#pieceCharacters = 0;
    if (text !== "") this.#parts.push(this.#rules.isQuoted ? JSON.stringify(text).slice(1, -1) : text);
  }
}
