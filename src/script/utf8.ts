/**
 * Where UTF-8 may be cut without splitting a character.
 */

/** The last place at or before `at` where a character begins, or the end. */
export function lastBoundary(bytes: Buffer, at: number): number {
  let end = Math.min(at, bytes.length);
  while (end > 0 && isInside(bytes, end)) end -= 1;
  return end;
}

/** The first place at or after `at` where a character begins, or the end. */
export function nextBoundary(bytes: Buffer, at: number): number {
  let start = at;
  while (isInside(bytes, start)) start += 1;
  return start;
}

/** Whether the byte at a place goes on with a character rather than beginning one. */
function isInside(bytes: Buffer, at: number): boolean {
  return ((bytes[at] ?? 0) & 0xc0) === 0x80;
}
