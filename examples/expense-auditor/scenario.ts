/**
 * What stands in for a model in the demo: three ways to work on the question, each a function over the request.
 *
 * Guarantee: every number in an answer comes from tool results or script output in the request, as a model's would; none
 * is written down here. It sums exactly, which a model that reads raw records does not always do.
 */
import { readFileSync } from "node:fs";

import type { ContentBlock, ModelRequest } from "../../src/model/model.ts";
import type { ScenarioFunction, ScenarioTurn } from "../../src/model/scenario.ts";
import { toAnswerText } from "./answer.ts";
import type { Finding } from "./expected.ts";
import { readToolHistory, type ToolUseRecord } from "./tool-history.ts";

/** The script of the programmatic way, as a model that knows the tools would write it. */
export const AUDIT_SCRIPT = readFileSync(new URL("audit.py", import.meta.url), "utf8");

/** The same script as a model writes it for the Claude API: a tool takes one dict and returns text. */
export const WIRE_AUDIT_SCRIPT = readFileSync(new URL("audit-wire.py", import.meta.url), "utf8");

/** One tool in each sample. */
export const sequentialScenario: ScenarioFunction = (request) => planDirect(request, 1);

/** Every tool that can be called by now in one sample. */
export const parallelScenario: ScenarioFunction = (request) => planDirect(request, Infinity);

/** One script, then the answer from what it printed. */
export const programmaticScenario: ScenarioFunction = (request) => playScript(AUDIT_SCRIPT, request);

/** The same, for a client of the Claude API. */
export const wireScenario: ScenarioFunction = (request) => playScript(WIRE_AUDIT_SCRIPT, request);

function playScript(code: string, request: ModelRequest): ScenarioTurn {
  const [script] = readToolHistory(request);
  if (script === undefined) {
    return useTools("One script can fetch and add up everything.", [["code_execution", { code }]]);
  }
  const findings = script.isError ? undefined : parsePrinted(script.result);
  return { content: findings ? toAnswerText(findings) : `The script gave no figures:\n${script.result}` };
}

type Call = readonly [name: string, input: Readonly<Record<string, unknown>>];

/** The standard budget that the question names. */
const STANDARD_BUDGET = /standard budget is \$(?<dollars>[\d,]+)/;

function planDirect(request: ModelRequest, callsPerSample: number): ScenarioTurn {
  const history = readToolHistory(request);
  const failed = history.find(({ isError }) => isError);
  if (failed !== undefined) return { content: `${failed.name} failed: ${failed.result}` };
  const calls = findNextCalls(history, readStandardBudget(request));
  if (calls.length > 0) return useTools(toPreface(history), calls.slice(0, callsPerSample));
  return { content: toAnswerText(findOverBudget(history)) };
}

/** The calls whose input is known and whose result is not there yet. */
function findNextCalls(history: readonly ToolUseRecord[], standardBudget: number): readonly Call[] {
  const team = readTeam(history);
  if (team === undefined) return [["get_team_members", { department: "engineering" }]];
  const spending = readSpending(history);
  const unknown = team.filter(({ id }) => !spending.has(id));
  if (unknown.length > 0) {
    return unknown.map(({ id }) => ["get_expenses", { employee_id: id, quarter: "Q3" }]);
  }
  const budgets = readBudgets(history);
  return team
    .filter(({ id }) => (spending.get(id) ?? 0) > standardBudget && !budgets.has(id))
    .map(({ id }) => ["get_custom_budget", { user_id: id }]);
}

function findOverBudget(history: readonly ToolUseRecord[]): readonly Finding[] {
  const spending = readSpending(history);
  const budgets = readBudgets(history);
  return (readTeam(history) ?? []).flatMap(({ id, name }) => {
    const spent = spending.get(id) ?? 0;
    const budget = budgets.get(id);
    return budget !== undefined && spent > budget ? [{ id, name, spent, budget }] : [];
  });
}

interface Member {
  readonly id: string;
  readonly name: string;
}

interface Expense {
  readonly category: string;
  readonly status: string;
  readonly amount: number;
}

function readTeam(history: readonly ToolUseRecord[]): readonly Member[] | undefined {
  const team = history.find(({ name }) => name === "get_team_members");
  return team && (JSON.parse(team.result) as readonly Member[]);
}

/** Approved travel of each person whose expenses are there, in dollars. */
function readSpending(history: readonly ToolUseRecord[]): ReadonlyMap<string, number> {
  const uses = history.filter(({ name }) => name === "get_expenses");
  return new Map(uses.map(({ input, result }) => [String(input["employee_id"]), sumTravel(result)]));
}

function sumTravel(result: string): number {
  const cents = (JSON.parse(result) as readonly Expense[])
    .filter(({ category, status }) => category === "travel" && status === "approved")
    .reduce((sum, { amount }) => sum + Math.round(amount * 100), 0);
  return cents / 100;
}

function readBudgets(history: readonly ToolUseRecord[]): ReadonlyMap<string, number> {
  const uses = history.filter(({ name }) => name === "get_custom_budget");
  return new Map(
    uses.map(({ input, result }) => [
      String(input["user_id"]),
      (JSON.parse(result) as { readonly travel_budget: number }).travel_budget,
    ]),
  );
}

function readStandardBudget({ messages }: ModelRequest): number {
  const question = JSON.stringify(messages[0]?.content ?? "");
  return Number(STANDARD_BUDGET.exec(question)?.groups?.["dollars"]?.replaceAll(",", ""));
}

/** A word before the calls, where a model would say one. */
function toPreface(history: readonly ToolUseRecord[]): string {
  return history.length === 0 ? "First the team, then each person's expenses." : "";
}

function useTools(preface: string, calls: readonly Call[]): ScenarioTurn {
  const text: readonly ContentBlock[] = preface === "" ? [] : [{ type: "text", text: preface }];
  return {
    content: [...text, ...calls.map(([name, input]) => ({ type: "tool_use", name, input }))],
  };
}

/** The findings that the script printed: the one line of its output that is a JSON array. */
function parsePrinted(result: string): readonly Finding[] | undefined {
  const line = result.split("\n").find((one) => one.startsWith("[") && one.endsWith("]"));
  return line === undefined ? undefined : (JSON.parse(line) as readonly Finding[]);
}
