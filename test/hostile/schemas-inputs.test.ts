/** Inputs that make a check long: no turn is held, and a refusal says why in a few words. */
import { expect, test } from "vitest";
import type { InputsOutcome } from "./cases/schemas-inputs.ts";
import { expectNoTrouble } from "./expect-scenes.ts";
import { HOSTILE_SECONDS, runCase } from "./run-case.ts";

/** Scenes whose calls are right, whatever they cost. */
const ACCEPTED: ReadonlySet<string> = new Set([
  "right rows, Zod",
  "rows for a union, Zod",
  "unknown fields, loose Zod",
  "one text of 30 MiB, Zod",
  "many rules on right items",
  "right items",
  "right items, with defaults",
  "a default in a very wide object",
  "any JSON, Zod",
  "sets of Unicode for the format regex",
  "1,500 nulls for optional fields",
  "1,500 nulls for optional fields, Zod",
  "many calls that are nearly long",
]);

/** What the refusal of a scene names, where it is more than that the check took too long. */
const NAMED: Readonly<Record<string, string>> = {
  "wrong items, Zod": '"ids[0]" is "", expected a number',
  "a wrong item at the end, Zod": '"ids[249000]" is "", expected a number',
  "wrong rows, Zod": '"rows[0].id" is 0, expected a string',
  "wrong values of a record, Zod": '"map.k0" is "", expected a number',
  "unknown fields, strict Zod": '"k0" is not a known field',
  "many rules on many items": '"a[0]" is 0, expected >= 1',
  "wrong items": '"a[0].n" is "", expected an integer',
  "levels without end": "nested too deeply",
};

test("inputs that make a check long hold no turn", { timeout: 300_000 }, async () => {
  const argument = { areAll: HOSTILE_SECONDS > 0 };
  const report = await runCase("schemas-inputs.ts", "scenes", { argument, timeoutMs: 290_000 });
  const outcomes = report.value as InputsOutcome[];
  expectNoTrouble(outcomes);
  const isAsItShould = ({ name, refused }: InputsOutcome): boolean => (refused === 0) === ACCEPTED.has(name);
  expect(outcomes.filter((one) => !isAsItShould(one))).toEqual([]);
  expect(outcomes.filter((one) => one.longestMessage > 1_000)).toEqual([]);
  const isMisnamed = ({ name, message = "" }: InputsOutcome): boolean => !message.includes(NAMED[name] ?? "");
  expect(outcomes.filter(isMisnamed)).toEqual([]);
  expect(report.stderr).toBe("");
});
