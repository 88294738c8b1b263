/**
 * A small seeded random source (the public-domain sfc32 mixing step), so that the example's data is the same on every machine.
 */

/** A stream of repeatable random numbers. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** One item; every item is as likely as the others. */
  pick<Item>(items: readonly Item[]): Item;
  /** One item, each as likely as its weight says. */
  pickWeighted<Item>(items: readonly (readonly [item: Item, weight: number])[]): Item;
}

/** Makes a random source; the same two seeds give the same numbers. */
export function createRandom(seed: number, stream: number): Random {
  const next = sfc32(seed, stream);
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    integer,
    pick: (items) => required(items[integer(0, items.length - 1)]),
    pickWeighted(items) {
      let left = next() * items.reduce((sum, [, weight]) => sum + weight, 0);
      const found = items.find(([, weight]) => (left -= weight) < 0);
      return required(found ?? items.at(-1))[0];
    },
  };
}

function required<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new RangeError("Cannot pick from an empty list");
  return item;
}

function sfc32(seed: number, stream: number): () => number {
  let a = seed | 0;
  let b = stream | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = () => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return (mixed >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}
