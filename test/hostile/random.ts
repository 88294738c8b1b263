/** Values by a seed: the same seed gives the same values, whatever the machine. */

/** A source of values. */
export interface Random {
  /** From `least` to `most`, both possible. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** Mostly small, now and then as large as `most`. */
  size(most: number): number;
  /** Characters of every kind. */
  text(length: number): string;
  /** JSON of about `length` characters, of a random shape. */
  json(length: number): string;
  /** A text with some characters changed, lost, doubled or swapped. */
  mutate(text: string): string;
  /** Bytes in pieces of any size. */
  cut(bytes: Buffer): readonly Buffer[];
}

/** Creates a source. */
export function createRandom(seed: number): Random {
  let state = (seed * 2654435761) >>> 0;

  /** From 0 to 1; the generator is mulberry32. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  const chance = (probability: number): boolean => next() < probability;
  const pick = <Value>(values: readonly Value[]): Value => values[integer(0, values.length - 1)] as Value;
  const size = (most: number): number => Math.floor(most * next() ** 6);
  const text = (length: number): string => {
    const unit = Array.from({ length: integer(1, 8) }, () => pick(CHARACTERS)).join("");
    return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  };

  function json(length: number): string {
    if (length < 4) return pick(SCALARS);
    const shape = pick(SHAPES);
    const inner = chance(0.5) ? pick(SCALARS) : json(Math.min(length / 2, integer(1, 200)));
    if (shape === "text") return JSON.stringify(text(length));
    if (shape === "list") return `[${`${inner},`.repeat(Math.floor(length / (inner.length + 1)))}${inner}]`;
    if (shape === "deep list") return "[".repeat(length / 2) + "]".repeat(length / 2);
    if (shape === "deep object") return `${'{"a":'.repeat(length / 6)}1${"}".repeat(length / 6)}`;
    const count = Math.max(1, Math.floor(length / (inner.length + 12)));
    const name = shape === "one name" ? () => "same" : (at: number) => `${pick(NAMES)}${at}`;
    return `{${Array.from({ length: count }, (_, at) => `${JSON.stringify(name(at))}:${inner}`).join(",")}}`;
  }

  function mutate(given: string): string {
    const characters = Array.from(given);
    for (let change = integer(1, 4); change > 0; change -= 1) {
      const at = integer(0, characters.length - 1);
      characters.splice(
        at,
        integer(0, 2),
        ...(chance(0.5) ? [pick(CHARACTERS)] : [characters[at] ?? "", characters[at] ?? ""]),
      );
    }
    return characters.join("");
  }

  function cut(bytes: Buffer): readonly Buffer[] {
    const pieces: Buffer[] = [];
    for (let from = 0; from < bytes.length;) {
      const length = chance(0.1) ? integer(1, 20) : integer(1_000, 65_536);
      pieces.push(bytes.subarray(from, from + length));
      from += length;
    }
    return pieces;
  }

  return { integer, chance, pick, size, text, json, mutate, cut };
}

const CHARACTERS = [
  "a",
  "0",
  " ",
  "\t",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "é",
  "\u4e00",
  "\u{1f600}",
  "\u0000",
  "\u0002",
  "\u001b",
  "\u202e",
];
const SCALARS = [
  "null",
  "true",
  "0",
  "-1",
  "1e308",
  "1e999",
  "0.1",
  '""',
  '"x"',
  "{}",
  "[]",
  "9007199254740993",
];
const SHAPES = ["text", "list", "list", "object", "object", "one name", "deep list", "deep object"] as const;
const NAMES = ["a", "__proto__", "constructor", "ids", "name", "\u0000", "é", ""];
