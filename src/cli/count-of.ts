/**
 * Words with numbers.
 */

/** A number with its noun: `1 call`, `2 calls`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
