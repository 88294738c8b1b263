/** What all scenes of one process have to keep to. */
import { expect } from "vitest";
import { type Cost, MAX_TURN_MS } from "./measure.ts";

/** Bytes that one input, or one request, may make the host hold: three times the largest of them. */
const MAX_HELD_BYTES = 3 * 32 * 1024 * 1024;

/** Fails with the names of the scenes that held a turn for too long, or too much memory. */
export function expectNoTrouble(outcomes: readonly { readonly name: string; readonly cost: Cost }[]): void {
  expect(outcomes.length).toBeGreaterThan(0);
  const isTrouble = ({ longestTurnMs, heldBytes }: Cost): boolean =>
    longestTurnMs > MAX_TURN_MS || heldBytes > MAX_HELD_BYTES;
  expect(outcomes.filter(({ cost }) => isTrouble(cost))).toEqual([]);
}
