import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createModelFilter } from "./model-globs.ts";

describe("createModelFilter", () => {
  test.each([
    ["claude-sonnet-5", "claude-sonnet-5", true],
    ["claude-sonnet-5", "claude-sonnet", false],
    ["claude-sonnet-5", "claude-*", true],
    ["claude-sonnet-5", "*-5", true],
    ["claude-sonnet-5", "*sonnet*", true],
    ["claude-sonnet-5", "claude-*-opus-*", false],
    ["ab", "ab*b", false],
    ["claude.sonnet", "claude?sonnet", false],
    ["anything", "*", true],
  ])("createModelFilter() says of %j and %j %j", (name, glob, allowed) => {
    expect(createModelFilter([glob])(name)).toBe(allowed);
  });

  test("createModelFilter() agrees with a regular expression whatever the glob", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "-"), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (name, glob) => {
        const pattern = new RegExp(`^${glob.replaceAll("*", ".*")}$`);
        return createModelFilter([glob])(name) === pattern.test(name);
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });
});
