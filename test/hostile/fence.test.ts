/** The fence around a model's script is found in time that grows with the text. */
import { expect, test } from "vitest";
import { expectBounded, measureCase } from "./run-case.ts";

test("a fence that does not end, or ends late, holds no turn", async () => {
  const report = await measureCase("fence.ts", "fences");
  expect(report.value).toEqual([true, true, true, false, true, true]);
  expectBounded(report, 64 * 1024 * 1024);
});
