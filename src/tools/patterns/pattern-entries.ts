/**
 * How the parts of a regular expression begin: their first characters, what they cost before one is taken, and what may
 * come after them.
 */
import { ALL_CHARS, type CharSet, NO_CHARS, unite } from "./char-set.ts";
import type { PatternNode } from "./pattern-node.ts";

/** How a part begins. */
export interface Entry {
  /** Its first characters. */
  readonly set: CharSet;
  /** Steps before one of them is taken. */
  readonly steps: number;
  /** In how many ways it can be passed without a character. */
  readonly emptyWays: number;
  /** What comes after it may come first: it can be passed, and not at the end of the text only. */
  readonly isOpen: boolean;
}

/** What may come next. */
export interface Follow {
  readonly set: CharSet;
  /** What may come after that character. */
  readonly second: CharSet;
  /** Steps before the second one. */
  readonly steps: number;
}

/** Nothing: the match is there. */
export const ACCEPT: Follow = { set: NO_CHARS, second: NO_CHARS, steps: 0 };

type Repeat = PatternNode & { kind: "repeat" };

/** The beginnings of one pattern's parts. */
export class PatternEntries {
  readonly #isMultiline: boolean;
  readonly #chars: number;
  readonly #toLookSteps: (node: PatternNode & { kind: "look" }) => number;
  readonly #known = new Map<PatternNode, Entry>();

  constructor(
    isMultiline: boolean,
    chars: number,
    toLookSteps: (node: PatternNode & { kind: "look" }) => number,
  ) {
    this.#isMultiline = isMultiline;
    this.#chars = chars;
    this.#toLookSteps = toLookSteps;
  }

  /** How `node` begins. */
  enter(node: PatternNode): Entry {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const entry = this.#makeEntry(node);
    this.#known.set(node, entry);
    return entry;
  }

  /** What may come where `node` stands before `next`. */
  before(node: PatternNode, next: Follow): Follow {
    switch (node.kind) {
      case "char":
        return { set: node.set, second: next.set, steps: 1 + next.steps };
      case "sequence":
        return node.parts.reduceRight((follow, part) => this.before(part, follow), next);
      case "choice":
        return this.#join(node.branches.map((branch) => this.before(branch, next)));
      case "repeat": {
        const inside = this.before(node.inner, node.max > 1 ? this.again(node.inner, next) : next);
        return node.min === 0 || this.enter(node.inner).emptyWays > 0 ? this.#join([inside, next]) : inside;
      }
      case "end":
        return this.#isMultiline ? { ...next, steps: next.steps + 1 } : { ...ACCEPT, steps: 1 };
      case "backreference":
        return { set: ALL_CHARS, second: ALL_CHARS, steps: this.#chars + next.steps };
      default:
        return { ...next, steps: next.steps + this.enter(node).steps };
    }
  }

  /** What may come after one round of a repetition: another one, or what follows. */
  again(inner: PatternNode, next: Follow): Follow {
    const entry = this.enter(inner);
    const second = inner.kind === "char" ? unite(entry.set, next.set) : ALL_CHARS;
    return {
      set: unite(entry.set, next.set),
      second: unite(second, next.second),
      steps: entry.steps + next.steps,
    };
  }

  #join(follows: readonly Follow[]): Follow {
    return {
      set: unite(...follows.map((follow) => follow.set)),
      second: unite(...follows.map((follow) => follow.second)),
      steps: follows.reduce((steps, follow) => steps + follow.steps, 1),
    };
  }

  #makeEntry(node: PatternNode): Entry {
    switch (node.kind) {
      case "char":
        return { set: node.set, steps: 1, emptyWays: 0, isOpen: false };
      case "sequence":
        return this.#enterSequence(node.parts);
      case "choice": {
        const entries = node.branches.map((branch) => this.enter(branch));
        return {
          set: unite(...entries.map((entry) => entry.set)),
          steps: entries.reduce((steps, entry) => steps + entry.steps, 1),
          emptyWays: entries.reduce((ways, entry) => ways + entry.emptyWays, 0),
          isOpen: entries.some((entry) => entry.isOpen),
        };
      }
      case "repeat":
        return this.#enterRepeat(node);
      case "end":
        // No character follows the end, so it decides as a character of its own does.
        return { set: NO_CHARS, steps: 1, emptyWays: 1, isOpen: this.#isMultiline };
      case "backreference":
        return { set: ALL_CHARS, steps: this.#chars, emptyWays: 1, isOpen: true };
      case "look":
        return { set: NO_CHARS, steps: this.#toLookSteps(node) + 1, emptyWays: 1, isOpen: true };
      default:
        return { set: NO_CHARS, steps: 1, emptyWays: 1, isOpen: true };
    }
  }

  #enterSequence(parts: readonly PatternNode[]): Entry {
    let set = NO_CHARS;
    let steps = 1;
    let emptyWays = 1;
    let isOpen = true;
    for (const part of parts) {
      const entry = this.enter(part);
      if (isOpen) {
        set = unite(set, entry.set);
        steps += emptyWays * entry.steps;
        isOpen = entry.isOpen;
      }
      emptyWays *= entry.emptyWays;
    }
    return { set, steps, emptyWays, isOpen };
  }

  #enterRepeat({ inner, min, max }: Repeat): Entry {
    const entry = this.enter(inner);
    const rounds = entry.emptyWays === 0 ? 0 : Math.min(max, min + 1);
    const emptyWays = (entry.emptyWays + 1) ** rounds;
    return {
      set: entry.set,
      steps: (entry.steps + 1) * Math.max(1, emptyWays),
      emptyWays: entry.emptyWays === 0 && min > 0 ? 0 : emptyWays,
      isOpen: entry.isOpen || min === 0,
    };
  }
}
