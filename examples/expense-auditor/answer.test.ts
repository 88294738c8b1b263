import { describe, expect, test } from "vitest";

import { isCorrectAnswer, parseAnswerText, toAnswerText } from "./answer.ts";
import type { Finding } from "./expected.ts";

const FINDINGS: readonly Finding[] = [
  { id: "ENG003", name: "Chiara Conti", spent: 8196.82, budget: 5000 },
  { id: "ENG016", name: "Paula Rossi", spent: 10827.3, budget: 9000 },
];

describe("parseAnswerText()", () => {
  test("reads back what toAnswerText() writes", () => {
    expect(parseAnswerText(toAnswerText(FINDINGS))).toEqual(FINDINGS);
  });

  test("reads a model's own Markdown", () => {
    const text =
      "Two people:\n\n- **Paula Rossi** (ENG016): spent $10,827.30 of a custom $9,000.00.\n* Chiara Conti (ENG003): spent $8,196.82 of $5,000\n";
    expect(parseAnswerText(text)).toEqual(FINDINGS);
  });
});

describe("isCorrectAnswer()", () => {
  test("accepts the expected findings in any order", () => {
    expect(isCorrectAnswer(toAnswerText(FINDINGS.toReversed()), FINDINGS)).toBe(true);
  });

  test.each([
    ["a person is missing", FINDINGS.slice(1)],
    ["a person is too many", [...FINDINGS, { id: "ENG001", name: "Alma Reyes", spent: 6000, budget: 5000 }]],
    ["an amount is a cent off", FINDINGS.map((one) => ({ ...one, spent: one.spent + 0.01 }))],
    ["a budget is not the custom one", FINDINGS.map((one) => ({ ...one, budget: 5000 }))],
  ])("refuses an answer in which %s", (_, findings) => {
    expect(isCorrectAnswer(toAnswerText(findings), FINDINGS)).toBe(false);
  });
});
