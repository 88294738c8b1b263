/**
 * Writes, reads and checks an answer to the question: one line for each person over budget.
 */
import type { Finding } from "./expected.ts";

const LINE =
  /^[-*]\s+\**(?<name>[^(*]+?)\**\s+\((?<id>[A-Z]{3}\d{3})\)\**:\s+.*?\$(?<spent>[\d,.]*\d).*?\$(?<budget>[\d,.]*\d)/gm;

/** Writes findings as the question asks for them. */
export function toAnswerText(findings: readonly Finding[]): string {
  if (findings.length === 0) return "No engineer exceeded the Q3 travel budget.";
  const lines = findings.map(
    ({ id, name, spent, budget }) => `- ${name} (${id}): spent ${toDollars(spent)} of ${toDollars(budget)}`,
  );
  const who = findings.length === 1 ? "1 engineer" : `${findings.length} engineers`;
  return [`${who} exceeded the Q3 travel budget:`, ...lines].join("\n");
}

/** Reads the findings out of an answer, sorted by id. Lines that are laid out otherwise are not found. */
export function parseAnswerText(text: string): readonly Finding[] {
  return [...text.matchAll(LINE)]
    .map(({ groups = {} }) => ({
      id: groups["id"] ?? "",
      name: groups["name"] ?? "",
      spent: toNumber(groups["spent"]),
      budget: toNumber(groups["budget"]),
    }))
    .toSorted((left, right) => left.id.localeCompare(right.id));
}

/** Whether an answer names exactly the expected people with the expected amounts, to the cent. */
export function isCorrectAnswer(text: string, expected: readonly Finding[]): boolean {
  const found = parseAnswerText(text);
  return (
    found.length === expected.length &&
    expected.every(({ id, name, spent, budget }, index) => {
      const finding = found[index];
      return (
        finding?.id === id &&
        finding.name === name &&
        toCents(finding.spent) === toCents(spent) &&
        toCents(finding.budget) === toCents(budget)
      );
    })
  );
}

function toDollars(amount: number): string {
  const digits = Number.isInteger(amount) ? 0 : 2;
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: 2 })}`;
}

function toNumber(text: string | undefined): number {
  return Number((text ?? "").replaceAll(",", ""));
}

function toCents(amount: number): number {
  return Math.round(amount * 100);
}
