/**
 * What a Zod schema is made of: how many parts, which regular expressions, and whether it contains itself. Read once, off
 * the definitions that every Zod 4 schema carries.
 */
import * as z from "zod";
import { type PatternCost, toPatternCost } from "../patterns/pattern-cost.ts";

/** Where a regular expression stands, and what matching a text against it may take. */
export interface PatternSlot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
  readonly pattern: RegExp;
  readonly cost: PatternCost;
  /** Matches a text in the pattern's place, in the custom formats of Zod. */
  readonly match: ((text: string) => unknown) | undefined;
}

/** A schema as its parts. */
export interface ZodTree {
  /** Schemas and checks. */
  readonly size: number;
  readonly patterns: readonly PatternSlot[];
  /** The unions, when the schema contains itself: together they may make work that grows with each level of an input. */
  readonly recursiveUnions: readonly z.core.$ZodType[];
}

/** Reads a schema. */
export function readZodTree(schema: z.core.$ZodType): ZodTree {
  const reader = new TreeReader();
  reader.visit(schema);
  return {
    size: reader.seen.size,
    patterns: reader.patterns,
    recursiveUnions: reader.isRecursive ? reader.unions : [],
  };
}

/** The cost of Zod's own pattern of addresses is known better than it can be computed; its worst was searched for. */
const KNOWN_COSTS: ReadonlyMap<string, PatternCost> = new Map([
  [z.core.regexes.email.source, (chars: number) => 40 * (chars + 1)],
]);

/** Checks that have a pattern to show, and do not match it. */
const SHOWN_ONLY = new Set<unknown>(["includes", "starts_with", "ends_with"]);

interface Part {
  readonly _zod: Record<string, unknown> & { readonly def: Record<string, unknown> };
}

class TreeReader {
  readonly seen = new Set<unknown>();
  readonly patterns: PatternSlot[] = [];
  readonly unions: z.core.$ZodType[] = [];
  isRecursive = false;
  readonly #open = new Set<unknown>();

  visit(part: unknown): void {
    if (!isPart(part)) return;
    if (this.#open.has(part)) this.isRecursive = true;
    if (this.seen.has(part)) return;
    this.seen.add(part);
    this.#open.add(part);
    const { def } = part._zod;
    if (def["type"] === "union") this.unions.push(part as unknown as z.core.$ZodType);
    if (def["type"] === "lazy") this.visit(part._zod["innerType"]);
    if (def["type"] === "template_literal") this.#visitValue(part._zod, "pattern");
    for (const key of Object.keys(def)) this.#visitValue(def, key);
    this.#open.delete(part);
  }

  #visitValue(holder: Record<string, unknown>, key: string): void {
    const value = holder[key];
    if (value instanceof RegExp) this.#addPattern(holder, key, value);
    else if (Array.isArray(value)) value.forEach((item) => this.visit(item));
    else if (key === "shape" && typeof value === "object" && value !== null) {
      Object.values(value).forEach((item) => this.visit(item));
    } else this.visit(value);
  }

  #addPattern(holder: Record<string, unknown>, key: string, pattern: RegExp): void {
    if (SHOWN_ONLY.has(holder["format"])) return;
    const cost = KNOWN_COSTS.get(pattern.source) ?? toLazyCost(pattern);
    const fn = holder["fn"];
    const match = typeof fn === "function" ? (fn as PatternSlot["match"]) : undefined;
    this.patterns.push({ holder, key, pattern, cost, match });
  }
}

function toLazyCost({ source, flags }: RegExp): PatternCost {
  let cost: PatternCost | undefined;
  return (chars) => (cost ??= toPatternCost(source, flags))(chars);
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "_zod" in value;
}
