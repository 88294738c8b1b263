import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sandboxContract } from "../../src/testing/sandbox-contract.ts";
import { requirements } from "./requirements.ts";

const TEST_FILES = ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts", "runner/tests/*.py"];

/** Ids that tests cite, as a case of the contract or as `[id]` in a title. */
function citedIds(): Set<string> {
  const cited = new Set(sandboxContract.map((contractCase) => contractCase.id));
  for (const file of globSync(TEST_FILES)) {
    for (const match of readFileSync(file, "utf8").matchAll(/\[([a-z]+\.[a-z-]+)\]/g)) {
      cited.add(match[1] ?? "");
    }
  }
  return cited;
}

test("requirements have unique ids", () => {
  const ids = requirements.map((requirement) => requirement.id);
  expect(ids).toEqual([...new Set(ids)]);
});

test("requirements are each cited by a test", () => {
  const cited = citedIds();
  expect(requirements.filter((requirement) => !cited.has(requirement.id))).toEqual([]);
});

test("sandboxContract cites known requirements only", () => {
  const known = new Set(requirements.map((requirement) => requirement.id));
  expect(sandboxContract.filter((contractCase) => !known.has(contractCase.id))).toEqual([]);
});
