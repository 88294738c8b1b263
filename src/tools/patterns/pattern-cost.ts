/**
 * How many steps a backtracking engine may take, at worst, to match a regular expression against a text.
 *
 * The number is an upper bound: the engine visits no more parts of the pattern than are counted here, whatever the text is. It is
 * exact enough to see that `^[a-z]+(-[a-z]+)*$` is linear: where the next two characters decide which way to go on, there
 * is one way. Where that cannot be shown, all ways are counted, and a pattern that cannot be read counts as endless.
 */
import { holds, overlap } from "./char-set.ts";
import { parsePattern } from "./parse-pattern.ts";
import type { PatternNode } from "./pattern-node.ts";
import { ACCEPT, type Entry, type Follow, PatternEntries } from "./pattern-entries.ts";

/** Gives the most steps for a text of at most `chars` characters. May be infinite. */
export type PatternCost = (chars: number) => number;

/** Reads a pattern once; the result is asked for each text. */
export function toPatternCost(source: string, flags: string): PatternCost {
  const root = parsePattern(source, flags);
  if (root === undefined) return () => Infinity;
  const isMultiline = flags.includes("m");
  const isAnchored = flags.includes("y") || (!isMultiline && beginsAtStart(root));
  const known: number[] = [];
  return (chars) => {
    // Rounded up to a power of two, so that few numbers are kept.
    const bits = Math.ceil(Math.log2(chars + 2));
    return (known[bits] ??=
      new StepCounter(isMultiline, 2 ** bits).count(root) * (isAnchored ? 1 : 2 ** bits));
  };
}

/** What a part costs. */
interface Cost {
  /** How often what follows is tried beyond its first two characters. */
  readonly ways: number;
  readonly steps: number;
  /** One way, found in steps that grow with the characters taken, so a repetition of it costs no more than one run. */
  readonly isLinear: boolean;
}

const ONE_STEP: Cost = { ways: 1, steps: 1, isLinear: true };

/** Branches of a choice that are compared by their second character, too. */
const MAX_COMPARED_BRANCHES = 12;

class StepCounter {
  readonly #chars: number;
  readonly #entries: PatternEntries;
  /** Within a look behind, which is matched from its end: there the first characters decide nothing. */
  #isBackward = false;

  constructor(isMultiline: boolean, chars: number) {
    this.#chars = chars;
    this.#entries = new PatternEntries(isMultiline, chars, (look) => this.#look(look));
  }

  count(root: PatternNode): number {
    return this.#visit(root, ACCEPT).steps;
  }

  #visit(node: PatternNode, follow: Follow): Cost {
    switch (node.kind) {
      case "sequence":
        return this.#visitSequence(node.parts, follow);
      case "choice":
        return this.#visitChoice(node.branches, follow);
      case "repeat":
        return this.#visitRepeat(node, follow);
      case "look":
        return { ways: 1, steps: this.#look(node) + 1, isLinear: false };
      case "backreference":
        return { ways: 1, steps: this.#chars, isLinear: false };
      default:
        return ONE_STEP;
    }
  }

  #visitSequence(parts: readonly PatternNode[], follow: Follow): Cost {
    const follows: Follow[] = [];
    let next = follow;
    for (const part of parts.toReversed()) {
      follows.push(next);
      next = this.#entries.before(part, next);
    }
    let ways = 1;
    let steps = 1;
    let isLinear = true;
    for (const [index, part] of parts.entries()) {
      const cost = this.#visit(part, follows[parts.length - 1 - index] ?? follow);
      steps += ways * cost.steps;
      ways *= cost.ways;
      isLinear &&= cost.isLinear;
    }
    return { ways, steps, isLinear: isLinear && ways === 1 };
  }

  #visitChoice(branches: readonly PatternNode[], follow: Follow): Cost {
    const costs = branches.map((branch) => this.#visit(branch, follow));
    const steps = sum(costs.map((cost) => cost.steps)) + branches.length;
    if (!this.#isDecided(branches, follow)) {
      return { ways: sum(costs.map((cost) => cost.ways)), steps, isLinear: false };
    }
    const ways = Math.max(...costs.map((cost) => cost.ways));
    return { ways, steps, isLinear: ways === 1 && costs.every((cost) => cost.isLinear) };
  }

  /** Whether the next characters leave one branch. */
  #isDecided(branches: readonly PatternNode[], follow: Follow): boolean {
    if (this.#isBackward) return false;
    const entries = branches.map((branch) => this.#entries.enter(branch));
    if (entries.some((entry) => entry.emptyWays > 0)) return false;
    if (!overlap(...entries.map((entry) => entry.set))) return true;
    if (branches.length > MAX_COMPARED_BRANCHES) return false;
    const starts = branches.map((branch) => this.#entries.before(branch, follow));
    return starts.every((start, at) =>
      starts
        .slice(at + 1)
        .every((other) => !overlap(start.set, other.set) || !overlap(start.second, other.second)),
    );
  }

  #visitRepeat(node: PatternNode & { kind: "repeat" }, follow: Follow): Cost {
    const { inner, min, max } = node;
    const entry = this.#entries.enter(inner);
    const cost = this.#visit(inner, max > 1 ? this.#entries.again(inner, follow) : follow);
    const rounds = Math.min(max, this.#chars + min);
    const endsAtOne = !this.#isBackward && entry.emptyWays === 0 && this.#endsAtOne(inner, entry, follow);
    if (max <= 1) {
      const ways = Math.max(1, cost.ways) + (endsAtOne || min === max ? 0 : 1);
      return { ways, steps: cost.steps + follow.steps + 1, isLinear: cost.isLinear && ways === 1 };
    }
    if (entry.emptyWays > 0 || cost.ways > 1) {
      const ways = (cost.ways + 1) ** rounds;
      return { ways, steps: ways * (cost.steps + follow.steps), isLinear: false };
    }
    const exits = rounds - min + 1;
    const onePass = 2 * (toSize(inner) + follow.steps + 1) * (this.#chars + 1);
    const run = cost.isLinear ? Math.min(onePass, rounds * cost.steps) : rounds * cost.steps;
    const steps = run + exits * (follow.steps + 1);
    return { ways: endsAtOne ? 1 : exits, steps, isLinear: cost.isLinear && endsAtOne };
  }

  /**
   * Whether a repetition can be left in one place only: where what follows begins with another character; or, for a
   * run of characters, where its second one is another, while its first one belongs to the run.
   */
  #endsAtOne(inner: PatternNode, entry: Entry, follow: Follow): boolean {
    if (!overlap(entry.set, follow.set)) return true;
    return inner.kind === "char" && holds(inner.set, follow.set) && !overlap(inner.set, follow.second);
  }

  /** Steps of what is looked for, ahead or behind. */
  #look({ inner, isBehind }: PatternNode & { kind: "look" }): number {
    const outside = this.#isBackward;
    this.#isBackward ||= isBehind;
    const { steps } = this.#visit(inner, ACCEPT);
    this.#isBackward = outside;
    return steps;
  }
}

function toSize(node: PatternNode): number {
  if (node.kind === "sequence") return 1 + sum(node.parts.map(toSize));
  if (node.kind === "choice") return 1 + sum(node.branches.map(toSize));
  return node.kind === "repeat" || node.kind === "look" ? 1 + toSize(node.inner) : 1;
}

/** Whether a match can begin at the start of the text only. */
function beginsAtStart(node: PatternNode): boolean {
  if (node.kind === "start") return true;
  if (node.kind === "choice") return node.branches.every(beginsAtStart);
  if (node.kind === "repeat") return node.min > 0 && beginsAtStart(node.inner);
  if (node.kind !== "sequence") return false;
  const first = node.parts.find((part) => part.kind !== "look" && part.kind !== "boundary");
  return first !== undefined && beginsAtStart(first);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
