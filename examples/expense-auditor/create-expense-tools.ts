/**
 * The three tools of the expense auditor, over the example's database.
 *
 * Each waits as long as a service behind it would take; `DELAY_MULTIPLIER` (environment) scales the waits, 0 removes
 * them. The waits are real: what a run reports as tool time was measured.
 */
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";

import * as z from "zod";

import { DEFAULT_ALLOWED_CALLERS, tool } from "../../src/tools/define-tool.ts";
import type { Caller, Tool } from "../../src/tools/tool.ts";
import { openExpenseDatabase } from "./data.ts";
import { PAYMENT_METHODS, QUARTERS, STATUSES } from "./generate-expenses.ts";
import { DEPARTMENTS, LEVELS, STANDARD_TRAVEL_BUDGET } from "./people.ts";
import { CATEGORIES } from "./templates.ts";

/** Milliseconds that each tool waits, before `delayMultiplier`. */
export const TOOL_DELAYS_MS = { getTeamMembers: 100, getExpenses: 200, getCustomBudget: 50 } as const;

/** Options of {@link createExpenseTools}. */
export interface ExpenseToolsOptions {
  /** Scales {@link TOOL_DELAYS_MS}; 0 means no waits. @default the environment's `DELAY_MULTIPLIER`, or 1 */
  delayMultiplier?: number;
  /** Who may call the tools. @default ["direct", "programmatic"] */
  allowedCallers?: readonly Caller[];
  /** The database to ask. @default one of its own, filled from the fixed seed */
  database?: DatabaseSync;
}

const members = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    role: z.string(),
    level: z.enum(LEVELS),
    email: z.string(),
    department: z.enum(DEPARTMENTS),
  }),
);

const expenses = z.array(
  z.object({
    expense_id: z.string(),
    date: z.string().describe("YYYY-MM-DD"),
    category: z.enum(CATEGORIES),
    description: z.string(),
    amount: z.number(),
    currency: z.string(),
    status: z.enum(STATUSES),
    receipt_url: z.string(),
    approved_by: z.string().nullable(),
    store_name: z.string(),
    store_location: z.string(),
    reimbursement_date: z.string().nullable(),
    payment_method: z.enum(PAYMENT_METHODS),
    project_code: z.string(),
    notes: z.string(),
  }),
);

const customBudget = z.object({
  user_id: z.string(),
  has_custom_budget: z.boolean(),
  travel_budget: z.number(),
  reason: z.string(),
  currency: z.string(),
});

/** Makes the three tools. */
export function createExpenseTools(options: ExpenseToolsOptions = {}): readonly Tool[] {
  const {
    delayMultiplier = readDelayMultiplier(process.env["DELAY_MULTIPLIER"]),
    allowedCallers = DEFAULT_ALLOWED_CALLERS,
    database = openExpenseDatabase(),
  } = options;
  const delay = (ms: number, signal: AbortSignal) => wait(ms * delayMultiplier, undefined, { signal });
  const shared = { database, delay, allowedCallers };
  return [createTeamTool(shared), createExpensesTool(shared), createBudgetTool(shared)];
}

function readDelayMultiplier(text = "1"): number {
  const multiplier = Number(text);
  if (text.trim() !== "" && multiplier >= 0 && multiplier <= 1_000) return multiplier;
  throw new RangeError(`Cannot read DELAY_MULTIPLIER "${text}": wanted a number from 0 to 1000`);
}

interface Shared {
  readonly database: DatabaseSync;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly allowedCallers: readonly Caller[];
}

function createTeamTool({ database, delay, allowedCallers }: Shared): Tool {
  const select = database.prepare("SELECT * FROM people WHERE department = ? ORDER BY id");
  return tool({
    name: "get_team_members",
    description: "The people of a department.",
    input: z.object({ department: z.enum(DEPARTMENTS) }),
    output: members,
    allowedCallers,
    async execute({ department }, { signal }) {
      await delay(TOOL_DELAYS_MS.getTeamMembers, signal);
      return members.parse(select.all(department));
    },
  });
}

function createExpensesTool({ database, delay, allowedCallers }: Shared): Tool {
  const requirePerson = createPersonCheck(database);
  const select = database.prepare(`
    SELECT expense_id, date, category, description, amount_cents / 100.0 AS amount, currency, status, receipt_url,
      approved_by, store_name, store_location, reimbursement_date, payment_method, project_code, notes
    FROM expenses WHERE employee_id = ? AND quarter = ? ORDER BY date, expense_id
  `);
  return tool({
    name: "get_expenses",
    description:
      "One person's expenses in a quarter of 2024, sorted by date; 100 or more are usual. Only category `travel` is " +
      "travel (a hotel is `lodging`) and only status `approved` counts against a budget.",
    input: z.object({ employee_id: z.string(), quarter: z.enum(QUARTERS) }),
    output: expenses,
    allowedCallers,
    async execute({ employee_id: employeeId, quarter }, { signal }) {
      await delay(TOOL_DELAYS_MS.getExpenses, signal);
      requirePerson(employeeId);
      return expenses.parse(select.all(employeeId, quarter));
    },
  });
}

function createBudgetTool({ database, delay, allowedCallers }: Shared): Tool {
  const requirePerson = createPersonCheck(database);
  const select = database.prepare("SELECT * FROM custom_budgets WHERE user_id = ?");
  return tool({
    name: "get_custom_budget",
    description: "A person's quarterly travel budget; the standard one if nothing else was agreed.",
    input: z.object({ user_id: z.string() }),
    output: customBudget,
    allowedCallers,
    async execute({ user_id: userId }, { signal }) {
      await delay(TOOL_DELAYS_MS.getCustomBudget, signal);
      requirePerson(userId);
      const row = select.get(userId);
      return {
        user_id: userId,
        has_custom_budget: row !== undefined,
        travel_budget: Number(row?.["travel_budget"] ?? STANDARD_TRAVEL_BUDGET),
        reason: String(row?.["reason"] ?? "Standard budget"),
        currency: "USD",
      };
    },
  });
}

function createPersonCheck(database: DatabaseSync): (id: string) => void {
  const select = database.prepare("SELECT 1 FROM people WHERE id = ?");
  return (id) => {
    if (select.get(id) === undefined) throw new Error(`No person has the id "${id}"`);
  };
}
