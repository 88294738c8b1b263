/**
 * The example's database: people, expenses and custom budgets in SQLite, in memory, filled from a fixed seed.
 *
 * Money is stored in cents, so that SQL sums it exactly.
 */
import { DatabaseSync } from "node:sqlite";

import { generateExpenses } from "./generate-expenses.ts";
import { CUSTOM_BUDGETS, PEOPLE } from "./people.ts";

const SCHEMA = `
  CREATE TABLE people (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, level TEXT NOT NULL,
    email TEXT NOT NULL, department TEXT NOT NULL
  ) STRICT;
  CREATE TABLE custom_budgets (
    user_id TEXT PRIMARY KEY REFERENCES people (id), travel_budget INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE expenses (
    expense_id TEXT PRIMARY KEY, employee_id TEXT NOT NULL REFERENCES people (id), quarter TEXT NOT NULL,
    date TEXT NOT NULL, category TEXT NOT NULL, description TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, receipt_url TEXT NOT NULL, approved_by TEXT,
    store_name TEXT NOT NULL, store_location TEXT NOT NULL, reimbursement_date TEXT,
    payment_method TEXT NOT NULL, project_code TEXT NOT NULL, notes TEXT NOT NULL
  ) STRICT;
  CREATE INDEX expenses_by_person ON expenses (employee_id, quarter);
`;

/** Options of {@link openExpenseDatabase}. */
export interface ExpenseDatabaseOptions {
  /** Another seed makes another company year. @default DEFAULT_SEED */
  seed?: number;
}

/** Makes and fills the database. The caller closes it. */
export function openExpenseDatabase(options: ExpenseDatabaseOptions = {}): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  database.exec("BEGIN");
  const addPerson = database.prepare("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)");
  for (const { id, name, role, level, email, department } of PEOPLE) {
    addPerson.run(id, name, role, level, email, department);
  }
  const addBudget = database.prepare("INSERT INTO custom_budgets VALUES (?, ?, ?)");
  for (const { userId, travelBudget, reason } of CUSTOM_BUDGETS) {
    addBudget.run(userId, travelBudget, reason);
  }
  const marks = Array.from({ length: 17 }, () => "?").join(", ");
  const addExpense = database.prepare(`INSERT INTO expenses VALUES (${marks})`);
  for (const row of generateExpenses(options.seed)) {
    addExpense.run(...(Object.values(row) as (string | number | null)[]));
  }
  database.exec("COMMIT");
  return database;
}
