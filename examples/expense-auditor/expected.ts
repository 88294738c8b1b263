/**
 * The right answer, computed by one SQL statement, without the tools and without a model.
 */
import type { DatabaseSync } from "node:sqlite";

import { STANDARD_TRAVEL_BUDGET } from "./people.ts";

/** One person over budget; amounts in US dollars. */
export interface Finding {
  /** `ENG001` and so on. */
  readonly id: string;
  readonly name: string;
  /** Approved travel of the quarter. */
  readonly spent: number;
  /** The budget that applies to this person. */
  readonly budget: number;
}

const OVER_BUDGET = `
  SELECT people.id, people.name, sum(expenses.amount_cents) / 100.0 AS spent,
    coalesce(custom_budgets.travel_budget, ?) AS budget
  FROM people
  JOIN expenses ON expenses.employee_id = people.id
  LEFT JOIN custom_budgets ON custom_budgets.user_id = people.id
  WHERE people.department = 'engineering' AND expenses.quarter = 'Q3'
    AND expenses.category = 'travel' AND expenses.status = 'approved'
  GROUP BY people.id
  HAVING spent > budget
  ORDER BY people.id
`;

/** The engineers whose approved travel in Q3 was above their budget, by id. */
export function findExpectedFindings(database: DatabaseSync): readonly Finding[] {
  return database
    .prepare(OVER_BUDGET)
    .all(STANDARD_TRAVEL_BUDGET)
    .map(({ id, name, spent, budget }) => ({
      id: String(id),
      name: String(name),
      spent: Number(spent),
      budget: Number(budget),
    }));
}
