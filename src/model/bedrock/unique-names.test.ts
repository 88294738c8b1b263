import { expect, test } from "vitest";
import { UniqueNames } from "./unique-names.ts";

test("UniqueNames.take() numbers what is there already, whatever the size of its letters", () => {
  const names = new UniqueNames(20);
  expect(["a", "A", "a (2)", "a", "b", "a (2)"].map((name) => names.take(name))).toEqual([
    "a",
    "A (2)",
    "a (2) (2)",
    "a (3)",
    "b",
    "a (2) (3)",
  ]);
});

test("UniqueNames.take() keeps within the length, the number included", () => {
  const names = new UniqueNames(20);
  const taken = Array.from({ length: 12 }, () => names.take("abcdefghijklmnopqrstuvwxyz"));
  expect(new Set(taken).size).toBe(12);
  expect(taken.map((name) => name.length)).toEqual(Array.from({ length: 12 }, () => 20));
  expect([taken[0], taken[1], taken[11]]).toEqual([
    "abcdefghijklmnopqrst",
    "abcdefghijklmnop (2)",
    "abcdefghijklmno (12)",
  ]);
});

test("UniqueNames.take() gives the same names in the same order", () => {
  const wanted = ["x", "x", "y", "x"];
  const [first, second] = [new UniqueNames(50), new UniqueNames(50)];
  expect(wanted.map((name) => first.take(name))).toEqual(wanted.map((name) => second.take(name)));
});

test("UniqueNames.take() takes very many that are alike, or alike but for their ends", () => {
  const names = new UniqueNames(200);
  const alike = Array.from({ length: 100_000 }, () => names.take("minutes pdf"));
  const ends = Array.from({ length: 100_000 }, (_, at) => names.take("x".repeat(195) + (at % 50_000)));
  expect(new Set([...alike, ...ends]).size).toBe(200_000);
});
