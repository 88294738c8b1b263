/**
 * What one API key may have of what all share, unless its record says otherwise: half of it, so that no key can shut out
 * the others, and one that is alone here still has room.
 */

/** The share of one key. */
export function shareOf(total: number): number {
  return total === Infinity ? total : Math.max(1, Math.ceil(total / 2));
}
