/**
 * Sets of characters (code units or code points), as sorted ranges that do not touch. What is not known exactly is taken
 * too large, never too small.
 */

/** Ranges, both ends included. */
export type CharSet = readonly (readonly [from: number, to: number])[];

const LAST = 0x10ffff;

/** No character. */
export const NO_CHARS: CharSet = [];
/** Every character. */
export const ALL_CHARS: CharSet = [[0, LAST]];
/** `\d` */
export const DIGITS: CharSet = [[0x30, 0x39]];
/** `\w` */
export const WORD_CHARS: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** `\s` */
export const BLANKS: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
/** What `.` leaves out. */
export const LINE_ENDS: CharSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

/** The set of one character. */
export function toCharSet(code: number): CharSet {
  return [[code, code]];
}

/** Ranges of one set; one that has more counts as every character, so that no pattern makes sets costly. */
const MAX_RANGES = 64;

/** What is in either. */
export function unite(...sets: readonly CharSet[]): CharSet {
  const sorted = sets.flat().toSorted((a, b) => a[0] - b[0]);
  const ranges: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else ranges.push([from, to]);
  }
  return ranges.length > MAX_RANGES ? ALL_CHARS : ranges;
}

/** What is not in it. */
export function invert(set: CharSet): CharSet {
  const ranges: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (from > next) ranges.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST) ranges.push([next, LAST]);
  return ranges;
}

/** Whether two of them have a character in common. */
export function overlap(...sets: readonly CharSet[]): boolean {
  const sorted = sets.flat().toSorted((a, b) => a[0] - b[0]);
  return sorted.some(([from], at) => from <= (sorted[at - 1]?.[1] ?? -1));
}

/** Whether `set` has every character of `other`. */
export function holds(set: CharSet, other: CharSet): boolean {
  return other.every(([from, to]) => set.some(([start, end]) => start <= from && to <= end));
}

/** Characters beyond ASCII whose case brings them to an ASCII letter: the Kelvin sign to k, the long s to s. */
const SIBLINGS: readonly (readonly [ascii: number, beyond: number])[] = [
  [0x4b, 0x212a],
  [0x53, 0x017f],
];
const BEYOND_ASCII: CharSet = [[0x80, LAST]];

/** What a set matches when case is ignored; beyond ASCII all that is not ASCII, for every letter may have a sibling there. */
export function ignoreCase(set: CharSet): CharSet {
  const hasBeyond = overlap(set, BEYOND_ASCII);
  const others: (readonly [number, number])[] = hasBeyond ? [...BEYOND_ASCII] : [];
  for (const [ascii, beyond] of SIBLINGS) {
    if (overlap(set, [[beyond, beyond]])) others.push([ascii, ascii]);
    if (overlap(set, [[ascii, ascii]]) || overlap(set, [[ascii + CASE_STEP, ascii + CASE_STEP]])) {
      others.push([beyond, beyond]);
    }
  }
  const both = unite(set, others);
  const swapped = both.flatMap(([from, to]) => [
    ...shift(from, to, 0x41, 0x5a, CASE_STEP),
    ...shift(from, to, 0x61, 0x7a, -CASE_STEP),
  ]);
  return unite(both, swapped);
}

const CASE_STEP = 0x20;

function shift(from: number, to: number, first: number, last: number, by: number): CharSet {
  const start = Math.max(from, first);
  const end = Math.min(to, last);
  return start <= end ? [[start + by, end + by]] : [];
}
