import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tool } from "./define-tool.ts";
import { toPythonAlias, toToolDeclarations } from "./python-alias.ts";
import type { Caller, JsonSchema, Tool } from "./tool.ts";

function declare(name: string, inputSchema: JsonSchema = {}, callers: Caller[] = ["programmatic"]): Tool {
  return tool({ name, description: "", input: inputSchema, allowedCallers: callers, execute: () => null });
}

describe("toPythonAlias()", () => {
  test.each([
    ["get_expenses", "get_expenses"],
    ["fetch-url", "fetch_url"],
    ["2fa", "_2fa"],
    ["-", "__"],
    ["class", "class_"],
    ["await", "await_"],
    ["print", "print_"],
    ["json", "json_"],
    ["asyncio", "asyncio_"],
    ["ToolError", "ToolError_"],
    ["_", "__"],
    ["__name__", "__name___"],
    ["match", "match"],
    ["Search", "Search"],
  ])("calls %s %s", (name, python) => {
    expect(toPythonAlias(name)).toBe(python);
  });

  test("gives an identifier that the protocol accepts for every name", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_-]{1,128}$/), (name) => {
        expect(toPythonAlias(name)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
      }),
    );
  });
});

describe("toToolDeclarations()", () => {
  test("lists parameters as the signature does, required ones first", () => {
    const schema = {
      properties: { limit: { type: "integer" }, id: { type: "string" }, "due-date": {} },
      required: ["id"],
      allOf: [{ properties: { more: {} }, required: ["more"] }],
    };
    expect(toToolDeclarations([declare("find-it", schema)])).toEqual([
      { name: "find-it", python: "find_it", parameters: ["id", "more", "limit", "due-date"] },
    ]);
  });

  test("leaves out the tools that the caller may not call", () => {
    const tools = [declare("a"), declare("b", {}, ["direct"]), declare("c", {}, ["direct", "programmatic"])];
    const names = (caller?: Caller): string[] => toToolDeclarations(tools, caller).map(({ name }) => name);
    expect(names("programmatic")).toEqual(["a", "c"]);
    expect(names("direct")).toEqual(["b", "c"]);
    expect(names()).toEqual(["a", "b", "c"]);
  });

  test("refuses two tools with one alias, and one name twice [tool.alias-collision]", () => {
    const clash = (...names: string[]): (() => unknown) => {
      const tools = names.map((name) => declare(name));
      return () => toToolDeclarations(tools);
    };
    expect(clash("fetch-url", "fetch_url")).toThrowErrorMatchingInlineSnapshot(
      `[ToolscriptError: Cannot declare the tools "fetch-url" and "fetch_url" together: both are "fetch_url" in Python; rename one of them]`,
    );
    expect(clash("a", "a")).toThrowErrorMatchingInlineSnapshot(
      `[ToolscriptError: Cannot declare two tools with the name "a"; leave out or rename one of them]`,
    );
  });
});
