import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { proxyRequirements } from "./proxy-requirements.ts";

/** Where tests of the proxy are. */
const TEST_FILES = ["src/**/*.test.ts", "test/**/*.test.ts"];

/** Ids that titles of tests cite as `[proxy.…]`. */
function citedIds(): Set<string> {
  const texts = globSync(TEST_FILES).map((file) => readFileSync(file, "utf8"));
  const matches = texts.flatMap((text) => [...text.matchAll(/\[(proxy\.[a-z-]+)\]/g)]);
  return new Set(matches.map(([, id = ""]) => id));
}

const cited = citedIds();

test("proxyRequirements have unique ids", () => {
  const ids = proxyRequirements.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test("proxyRequirements are each cited by a test, or have a reason why not", () => {
  const open = proxyRequirements.filter(({ id, reason }) => !cited.has(id) && reason === undefined);
  expect(open).toEqual([]);
});

test("proxyRequirements have no reason against a test that is there", () => {
  expect(proxyRequirements.filter(({ id, reason }) => cited.has(id) && reason !== undefined)).toEqual([]);
});

test("tests cite known rows of the wire only", () => {
  const known = new Set(proxyRequirements.map(({ id }) => id));
  expect([...cited].filter((id) => !known.has(id))).toEqual([]);
});
