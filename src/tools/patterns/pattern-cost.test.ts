import { describe, expect, test } from "vitest";
import { createRandom } from "../../../test/hostile/random.ts";
import { generatePattern, generateText } from "../../../test/hostile/schemas/generate.ts";
import { parsePattern } from "./parse-pattern.ts";
import { toPatternCost } from "./pattern-cost.ts";
import type { PatternNode } from "./pattern-node.ts";

type GoOn = (at: number) => boolean;

/** A backtracking matcher that counts what it visits: no faster than an engine, and without its tricks. */
class CountingMatcher {
  steps = 0;
  readonly #text: string;
  readonly #maxSteps: number;

  constructor(text: string, maxSteps: number) {
    this.#text = text;
    this.#maxSteps = maxSteps;
  }

  get isTired(): boolean {
    return this.steps > this.#maxSteps;
  }

  match(node: PatternNode, at: number, goOn: GoOn): boolean {
    this.steps += 1;
    if (this.isTired) return false;
    switch (node.kind) {
      case "char": {
        const code = this.#text.charCodeAt(at);
        return node.set.some(([from, to]) => code >= from && code <= to) && goOn(at + 1);
      }
      case "sequence":
        return this.#matchParts(node.parts, 0, at, goOn);
      case "choice":
        return node.branches.some((branch) => this.match(branch, at, goOn));
      case "repeat":
        return this.#matchRounds(node, 0, at, goOn);
      case "look":
        return this.match(node.inner, at, () => true) && goOn(at);
      case "start":
        return at === 0 && goOn(at);
      case "end":
        return at === this.#text.length && goOn(at);
      default:
        return this.#isBoundary(at) && goOn(at);
    }
  }

  #matchParts(parts: readonly PatternNode[], index: number, at: number, goOn: GoOn): boolean {
    const part = parts[index];
    return part === undefined
      ? goOn(at)
      : this.match(part, at, (next) => this.#matchParts(parts, index + 1, next, goOn));
  }

  #matchRounds(node: PatternNode & { kind: "repeat" }, round: number, at: number, goOn: GoOn): boolean {
    const again = (next: number): boolean =>
      (next > at || round < node.min) && this.#matchRounds(node, round + 1, next, goOn);
    if (round < node.max && this.match(node.inner, at, again)) return true;
    return round >= node.min && goOn(at);
  }

  #isBoundary(at: number): boolean {
    const isWord = (char: string | undefined): boolean => char !== undefined && /\w/.test(char);
    return isWord(this.#text[at - 1]) !== isWord(this.#text[at]);
  }
}

/** Visited parts, from the first start that matches or from all; undefined when they are too many to count. */
function countSteps(pattern: string, text: string, maxSteps: number): number | undefined {
  const root = parsePattern(pattern, "");
  if (root === undefined) return undefined;
  const matcher = new CountingMatcher(text, maxSteps);
  for (let start = 0; start <= text.length; start += 1) {
    if (matcher.match(root, start, () => true) || matcher.isTired) break;
  }
  return matcher.isTired ? undefined : matcher.steps;
}

describe("toPatternCost()", () => {
  test.each([
    "^[a-z]{2}-\\d+$",
    "^ENG\\d{3}$",
    "^https?://\\S+$",
    "^[\\w.]+@[\\w.]+$",
    "^[a-z0-9]+(?:-[a-z0-9]+)*$",
    "^\\d+(,\\d+)*$",
    "^(/[^/]+)+$",
    "^(?=.*[A-Z])(?=.*\\d).{8,}$",
    "^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+$",
    "^(a|ab)*c",
    "^\\p{L}+$",
    "^[^\\s,]+(?:,\\s?[^\\s,]+)*$",
  ])("sees that %s takes time that grows with the text", (pattern) => {
    const cost = toPatternCost(pattern, "u");
    expect(cost(100)).toBeLessThan(20_000);
    expect(cost(100_000) / cost(1_000)).toBeLessThan(200);
  });

  test.each(["a*b", "^a*a*b", "\\s+$", "^(.*)\\1$", "[a-z]+@", "^\\s+|\\s+$"])(
    "suspects %s of a square",
    (pattern) => {
      const cost = toPatternCost(pattern, "");
      expect(cost(20)).toBeLessThan(10_000);
      expect(cost(100_000)).toBeGreaterThan(100_000 ** 2 / 2);
    },
  );

  test.each([
    ["(a+)+$", ""],
    ["(a|a)*b", ""],
    ["(a|aa)+c", ""],
    ["(?:x{1,9}y?){1,9}z", ""],
    ["(\\w+\\s?)+$", ""],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", ""],
    ["(?:$|$){30}b", ""],
    ["(?:\\b|\\b){30}b", ""],
    ["(?<=(a|a)*)b", ""],
    ["[a&&b]", "v"],
  ])("suspects %s of far more", (pattern, flags) => {
    expect(toPatternCost(pattern, flags)(60)).toBeGreaterThan(1e9);
  });

  test("heeds the flags: case, several lines, the start of the match", () => {
    expect(toPatternCost("^[a-z]+(?:A[a-z]+)*$", "")(60)).toBeLessThan(1e5);
    expect(toPatternCost("^[a-z]+(?:A[a-z]+)*$", "i")(60)).toBeGreaterThan(1e9);
    expect(toPatternCost("^a+$", "m")(1_000)).toBeGreaterThan(1e6);
    expect(toPatternCost("a+b", "y")(1_000)).toBeLessThan(1e5);
  });

  test("is no less than what a matcher visits, for any pattern and text", () => {
    let compared = 0;
    for (let seed = 1; seed <= 4_000; seed += 1) {
      const random = createRandom(seed);
      const pattern = generatePattern(random, 3);
      const text = generateText(random, 60);
      const cost = toPatternCost(pattern, "")(text.length);
      const steps = countSteps(pattern, text, 20_000);
      // Starts beyond the first are not counted for an anchored pattern: each ends at once.
      const starts = (text.length + 1) * 40;
      expect(cost + starts, `${pattern} on ${text}`).toBeGreaterThanOrEqual(steps ?? 20_000);
      compared += steps === undefined ? 0 : 1;
    }
    expect(compared).toBeGreaterThan(3_000);
  });
});

describe("parsePattern()", () => {
  test("reads what matches the same texts as the engine's", () => {
    const different = Array.from({ length: 3_000 }, (_, seed) => {
      const random = createRandom(seed);
      const pattern = generatePattern(random, 2);
      const text = generateText(random, 12).slice(0, 14);
      const root = parsePattern(pattern, "");
      const matcher = new CountingMatcher(text, 200_000);
      const starts = Array.from({ length: text.length + 1 }, (_start, at) => at);
      const matches = starts.some((at) => root !== undefined && matcher.match(root, at, () => true));
      return matcher.isTired || matches === new RegExp(pattern).test(text) ? "" : `${pattern} on ${text}`;
    });
    expect(different.filter((each) => each !== "")).toEqual([]);
  });

  test.each([
    ["[\\w-.]", "", ["a", "_", "-", "."], ["!"]],
    ["[^\\D]", "", ["5"], ["a"]],
    ["\\u{1F600}", "u", ["😀"], ["a"]],
    ["[\\u0041-\\x43\\]\\-]", "", ["A", "C", "]", "-"], ["D"]],
    ["[b-d]", "i", ["B", "d"], ["a"]],
    ["[\\bx]", "", ["\b", "x"], ["b"]],
    ["\\0", "", ["\0"], ["0"]],
    ["\\/", "", ["/"], ["\\"]],
    ["{", "", ["{"], ["}"]],
  ])("reads the set %s", (pattern, flags, inside, outside) => {
    const root = parsePattern(pattern, flags);
    const [only] = root?.kind === "sequence" ? root.parts : [];
    const set = only?.kind === "char" ? only.set : [];
    const has = (char: string): boolean =>
      set.some(([from, to]) => (char.codePointAt(0) ?? -1) >= from && (char.codePointAt(0) ?? -1) <= to);
    expect(inside.filter((char) => !has(char))).toEqual([]);
    expect(outside.filter(has)).toEqual([]);
  });

  test.each(["(?i:a)", "\\cA", "[\\012]", "\\pL"])("leaves %s to whoever expects the worst", (pattern) => {
    expect(parsePattern(pattern, "")).toBeUndefined();
  });
});
