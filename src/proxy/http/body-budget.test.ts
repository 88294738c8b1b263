import { expect, test } from "vitest";
import { BodyBudget } from "./body-budget.ts";

test("BodyBudget gives a key half of all bytes, and refuses what is beyond all", () => {
  const budget = new BodyBudget(100);
  const [a, other, b, c] = [
    budget.open("a", false),
    budget.open("a", false),
    budget.open("b", false),
    budget.open("c", false),
  ];
  a.take(30);
  other.take(20);
  expect(() => other.take(1)).toThrow(expect.objectContaining({ type: "rate_limit_error", status: 429 }));
  b.take(50);
  expect(() => c.take(1)).toThrow(expect.objectContaining({ type: "overloaded_error", status: 529 }));
  a.release();
  a.release();
  c.take(30);
  expect(() => c.take(1)).toThrow(expect.objectContaining({ status: 529 }));
});

test("BodyBudget lets an owner who is alone have all", () => {
  const budget = new BodyBudget(100);
  const held = budget.open("loopback", true);
  held.take(100);
  expect(() => held.take(1)).toThrow(expect.objectContaining({ status: 529 }));
});
