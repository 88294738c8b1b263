import { describe, expect, test } from "vitest";

import { openExpenseDatabase } from "./data.ts";
import { findExpectedFindings } from "./expected.ts";

/** Sums of engineering's Q3 for each person, under several readings of "travel". */
function sumReadings() {
  using database = openClosing();
  return database.value
    .prepare(
      `SELECT people.id, coalesce(travel_budget, 5000) AS budget, travel_budget IS NOT NULL AS custom,
         sum(amount_cents * (category = 'travel' AND status = 'approved')) / 100.0 AS spent,
         sum(amount_cents * (category = 'travel')) / 100.0 AS anyStatus,
         sum(amount_cents * (category IN ('travel', 'lodging') AND status = 'approved')) / 100.0 AS withLodging
       FROM people JOIN expenses ON employee_id = people.id LEFT JOIN custom_budgets ON user_id = people.id
       WHERE department = 'engineering' AND quarter = 'Q3' GROUP BY people.id ORDER BY people.id`,
    )
    .all()
    .map((row) => ({
      id: String(row["id"]),
      budget: Number(row["budget"]),
      custom: row["custom"] === 1,
      spent: Number(row["spent"]),
      anyStatus: Number(row["anyStatus"]),
      withLodging: Number(row["withLodging"]),
    }));
}

function openClosing() {
  const value = openExpenseDatabase();
  return { value, [Symbol.dispose]: () => value.close() };
}

describe("openExpenseDatabase()", () => {
  test("makes 2,000 records of 20 engineers for Q3", () => {
    using database = openClosing();
    const rows = database.value
      .prepare(
        "SELECT count(*) AS records FROM expenses WHERE quarter = 'Q3' AND employee_id LIKE 'ENG%' GROUP BY employee_id",
      )
      .all()
      .map((row) => Number(row["records"]));
    expect(rows).toHaveLength(20);
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(2_000);
    expect(Math.min(...rows)).toBeGreaterThanOrEqual(75);
  });

  test("makes the same records every time", () => {
    using first = openClosing();
    using second = openClosing();
    const select = "SELECT * FROM expenses ORDER BY expense_id";
    expect(first.value.prepare(select).all()).toEqual(second.value.prepare(select).all());
  });

  test("sets the traps that a careless answer falls into", () => {
    const people = sumReadings();
    const ids = (isTrapped: (person: (typeof people)[number]) => boolean) =>
      people.filter(isTrapped).map(({ id }) => id);
    expect({
      overStandardButUnderCustom: ids(({ spent, budget }) => spent > 5_000 && spent <= budget),
      overCustom: ids(({ spent, budget, custom }) => custom && spent > budget),
      overOnlyIfUnapprovedCounted: ids((one) => one.spent <= one.budget && one.anyStatus > one.budget),
      overOnlyIfLodgingCounted: ids((one) => one.spent <= one.budget && one.withLodging > one.budget).length,
    }).toMatchInlineSnapshot(`
      {
        "overCustom": [
          "ENG016",
        ],
        "overOnlyIfLodgingCounted": 12,
        "overOnlyIfUnapprovedCounted": [
          "ENG002",
          "ENG008",
        ],
        "overStandardButUnderCustom": [
          "ENG002",
          "ENG004",
        ],
      }
    `);
  });
});

describe("findExpectedFindings()", () => {
  test("agrees with sums made in another way", () => {
    using database = openClosing();
    const expected = findExpectedFindings(database.value);
    const over = sumReadings().filter(({ spent, budget }) => spent > budget);
    expect(expected.map(({ id, spent, budget }) => ({ id, spent, budget }))).toEqual(
      over.map(({ id, spent, budget }) => ({ id, spent, budget })),
    );
    expect(expected.map(({ id }) => id)).toMatchInlineSnapshot(`
      [
        "ENG003",
        "ENG007",
        "ENG010",
        "ENG011",
        "ENG013",
        "ENG016",
        "ENG019",
      ]
    `);
  });
});
