import { afterAll, expect, test } from "vitest";
import { ask, closeSharedSandbox, createScene } from "../../../test/fixtures/proxy-scene.ts";
import { BodyBudget } from "./body-budget.ts";

afterAll(closeSharedSandbox);

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

test("a request whose body is too much for all is told to come again", async () => {
  const scene = createScene([{ content: "ok" }], { maxBodiesBytes: 500 });
  const small = await scene.post(ask([]));
  const large = await scene.post(ask([], { system: "x".repeat(500) }));
  expect([small.status, large.status, large.headers.get("retry-after")]).toEqual([200, 529, "1"]);
  expect((await scene.post(ask([]))).status).toBe(200);
});
