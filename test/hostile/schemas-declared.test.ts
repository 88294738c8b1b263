/** Schemas and examples that make declaring tools long: no turn is held, and what is refused is refused with a reason. */
import { expect, test } from "vitest";
import type { DeclaredOutcome } from "./cases/schemas-declared.ts";
import { expectNoTrouble } from "./expect-scenes.ts";
import { HOSTILE_SECONDS, runCase } from "./run-case.ts";

/** Scenes that are refused, and what the refusal names. */
const REFUSED: Readonly<Record<string, string>> = {
  "10,001 tools": 'at most "10000"',
  "16 requests, each with a text of 24 MB in a schema": 'more than "1000000" characters',
  "120,000 fields in one schema": 'more than "10000" parts',
  "levels without end": 'deeper than "64" levels',
  "many rules, and an example of 49,000 items": 'input example "1" does not fit',
  "examples for a pattern": 'input example "21" does not fit',
  "examples that take long, each a little less than too long": "longer than",
  "2,000 tools, each with an example": "longer than",
  "20 schemas of 3,000 fields": "longer than",
};

test("schemas and examples that make declaring long hold no turn", { timeout: 300_000 }, async () => {
  const argument = { areAll: HOSTILE_SECONDS > 0 };
  const report = await runCase("schemas-declared.ts", "scenes", { argument, timeoutMs: 290_000 });
  const outcomes = report.value as DeclaredOutcome[];
  expectNoTrouble(outcomes);
  const refused = outcomes.filter((one) => one.refusal !== undefined);
  expect(refused.filter(({ name, refusal = "" }) => !refusal.includes(REFUSED[name] ?? "?"))).toEqual([]);
  expect(Math.max(...refused.map(({ refusal = "" }) => refusal.length))).toBeLessThan(1_000);
  expect(Math.max(...outcomes.map((one) => one.signatureChars))).toBeLessThan(500_000);
  expect(report.stderr).toBe("");
});
