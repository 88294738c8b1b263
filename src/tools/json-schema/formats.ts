/**
 * The formats that are checked, with what a check costs. Most are regular expressions, whose cost is computed; those
 * whose cost is known better than it can be computed stand in a table.
 */
import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { type PatternCost, toPatternCost } from "../patterns/pattern-cost.ts";
import { workMeter } from "./work-meter.ts";

/** Steps of formats that look at each character a few times. Their worst was searched for, with texts of 100,000 characters. */
const LINEAR: PatternCost = (chars) => 40 * (chars + 1);

const COSTS: Readonly<Record<string, PatternCost>> = {
  byte: LINEAR,
  date: LINEAR,
  "date-time": LINEAR,
  email: LINEAR,
  "iso-date-time": LINEAR,
  "iso-time": LINEAR,
  // A set of Unicode in it (`\p{L}`) takes as long to read as thousands of other characters.
  regex: (chars) => 2_000 * (chars + 1),
  time: LINEAR,
  uri: LINEAR,
  "uri-reference": LINEAR,
  "uri-template": LINEAR,
};

/** The formats, each of which pays for its check with the meter's steps before it is made. */
export const METERED_FORMATS: Readonly<Record<string, Format>> = Object.fromEntries(
  Object.entries(fullFormats).map(([name, format]) => [name, toMetered(name, format)]),
);

function toMetered(name: string, format: Format): Format {
  const known = COSTS[name];
  if (format instanceof RegExp) return toTest(known ?? toLazyCost(format), (text) => format.test(text));
  if (typeof format === "function") return toTest(known ?? toEndless, format);
  if (typeof format !== "object" || format.type === "number") return format;
  const { validate } = format;
  return typeof validate === "function"
    ? toTest(known ?? toEndless, validate as (text: string) => boolean)
    : format;
}

/** Computed for the first text: most formats are never used. */
function toLazyCost({ source, flags }: RegExp): PatternCost {
  let cost: PatternCost | undefined;
  return (chars) => (cost ??= toPatternCost(source, flags))(chars);
}

function toEndless(): number {
  return Infinity;
}

function toTest(cost: PatternCost, test: (text: string) => boolean): (text: string) => boolean {
  return (text) => {
    workMeter.takePattern(cost, text.length);
    return test(text);
  };
}
