/**
 * Makes the expense records from a fixed seed: exactly 2,000 of engineering in Q3, which the question is about, and
 * fewer for the other quarters and departments, which a careless query would count in.
 *
 * Each person's quarter has a random stream of its own, so a change to one leaves the others as they were.
 */
import type { Person } from "./people.ts";
import { PEOPLE } from "./people.ts";
import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";
import type { Category, ExpenseTemplate } from "./templates.ts";
import { EXPENSE_TEMPLATES } from "./templates.ts";

/** Records of engineering in Q3, all people together. */
export const ENGINEERING_Q3_RECORDS = 2_000;
/** The seed of the example's data, chosen so that every trap that the README names is there. */
export const DEFAULT_SEED = 22;

/** The quarters of the year 2024. */
export const QUARTERS = ["Q1", "Q2", "Q3", "Q4"] as const;
export type Quarter = (typeof QUARTERS)[number];

/** What can become of an expense report. */
export const STATUSES = ["approved", "pending", "rejected"] as const;
export type Status = (typeof STATUSES)[number];

/** How an expense was paid. */
export const PAYMENT_METHODS = ["corporate_card", "personal_reimbursement"] as const;
export type PaymentMethod = (typeof PAYMENT_METHODS)[number];

/** One expense as it is stored; the money in cents, so that sums are exact. */
export interface ExpenseRow {
  readonly expense_id: string;
  readonly employee_id: string;
  readonly quarter: Quarter;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly category: Category;
  readonly description: string;
  readonly amount_cents: number;
  readonly currency: "USD";
  readonly status: Status;
  readonly receipt_url: string;
  readonly approved_by: string | null;
  readonly store_name: string;
  readonly store_location: string;
  readonly reimbursement_date: string | null;
  readonly payment_method: PaymentMethod;
  readonly project_code: string;
  readonly notes: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const CITIES = ["Lisbon", "Chicago", "Osaka", "Leeds", "Austin", "Tallinn", "Lyon", "Toronto"];
const PROJECTS = ["ATLAS", "BEACON", "CEDAR", "DELTA", "EMBER"];
const APPROVERS = ["ENG007", "ENG020", "SAL006", "MKT005"];
const NOTES = ["Agreed with the team lead", "Split with project budget", "Receipt in the archive", ""];

/** Makes every record, person by person, quarter by quarter, each quarter sorted by date. */
export function generateExpenses(seed: number = DEFAULT_SEED): readonly ExpenseRow[] {
  return PEOPLE.flatMap((person, personIndex) =>
    QUARTERS.flatMap((quarter, quarterIndex) => {
      const random = createRandom(seed, personIndex * QUARTERS.length + quarterIndex);
      const count = toRecordCount(seed, random, person, personIndex, quarter);
      return generateQuarter(random, person, quarter, quarterIndex, count);
    }),
  );
}

/** In engineering's Q3 two neighbours share 200 records unevenly, so that the sum is exact. */
function toRecordCount(
  seed: number,
  random: Random,
  person: Person,
  personIndex: number,
  quarter: Quarter,
): number {
  if (person.department !== "engineering") return random.integer(10, 20);
  if (quarter !== "Q3") return random.integer(5, 9);
  const pair = Math.floor(personIndex / 2);
  const shift = createRandom(seed, -1 - pair).integer(0, 25);
  return 100 + (personIndex % 2 === 0 ? shift : -shift);
}

function generateQuarter(
  random: Random,
  person: Person,
  quarter: Quarter,
  quarterIndex: number,
  count: number,
): readonly ExpenseRow[] {
  const templates = toWeightedTemplates(random);
  const firstDayMs = Date.UTC(2024, quarterIndex * 3, 1);
  const days = Math.round((Date.UTC(2024, quarterIndex * 3 + 3, 1) - firstDayMs) / DAY_MS);
  const dates = Array.from({ length: count }, () => firstDayMs + random.integer(0, days - 1) * DAY_MS);
  return dates
    .toSorted((left, right) => left - right)
    .map((dateMs, index) => {
      const id = `${person.id}_${quarter}_${String(index + 1).padStart(3, "0")}`;
      return generateRow(random, person, quarter, id, dateMs, random.pickWeighted(templates));
    });
}

/** How often somebody travels is a habit of the person and the quarter: 1 to 10 of 100 expenses. */
function toWeightedTemplates(random: Random): readonly (readonly [item: ExpenseTemplate, weight: number])[] {
  const travelShare = 0.01 + 0.09 * random.next();
  const travelKinds = EXPENSE_TEMPLATES.filter(({ category }) => category === "travel").length;
  const otherKinds = EXPENSE_TEMPLATES.length - travelKinds;
  return EXPENSE_TEMPLATES.map((template) => [
    template,
    template.category === "travel" ? travelShare / travelKinds : (1 - travelShare) / otherKinds,
  ]);
}

function generateRow(
  random: Random,
  person: Person,
  quarter: Quarter,
  expenseId: string,
  dateMs: number,
  template: ExpenseTemplate,
): ExpenseRow {
  const status = random.pickWeighted<Status>([
    ["approved", 0.85],
    ["pending", 0.1],
    ["rejected", 0.05],
  ]);
  const payment = random.pickWeighted<PaymentMethod>([
    ["corporate_card", 0.6],
    ["personal_reimbursement", 0.4],
  ]);
  const isReimbursed = status === "approved" && payment === "personal_reimbursement";
  return {
    expense_id: expenseId,
    employee_id: person.id,
    quarter,
    date: toDate(dateMs),
    category: template.category,
    description: template.description,
    amount_cents: random.integer(template.low * 100, template.high * 100),
    currency: "USD",
    status,
    receipt_url: `https://receipts.example.com/2024/${expenseId}.pdf`,
    approved_by: status === "approved" ? random.pick(APPROVERS) : null,
    store_name: random.pick(template.stores),
    store_location: random.pick(CITIES),
    reimbursement_date: isReimbursed ? toDate(dateMs + random.integer(15, 30) * DAY_MS) : null,
    payment_method: payment,
    project_code: `${random.pick(PROJECTS)}-${random.integer(100, 999)}`,
    notes: random.pick(NOTES),
  };
}

function toDate(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
