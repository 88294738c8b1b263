import { describe, expect, test } from "vitest";
import * as z from "zod";
import { tool } from "./define-tool.ts";
import { DEFAULT_MAX_DOC_CHARS, toPythonSignatures } from "./python-signature.ts";
import type { JsonSchema, Tool } from "./tool.ts";

interface Parts {
  name?: string;
  description?: string;
  input?: JsonSchema;
  output?: JsonSchema;
}

function make({ name = "get_rows", description = "", input = {}, output }: Parts): Tool {
  const execute = (): null => null;
  const definition = { name, description, input, execute };
  return tool(output === undefined ? definition : { ...definition, output });
}

function native(parts: Parts): string {
  return toPythonSignatures([make(parts)]);
}

function wire(parts: Parts): string {
  return toPythonSignatures([make(parts)], { style: "wire" });
}

/** The type of one property, as it stands in the signature. */
function typeOf(schema: unknown, rest: Record<string, unknown> = {}): string {
  const text = native({ input: { properties: { a: schema }, required: ["a"], ...rest } });
  return text.replace(/^async def get_rows\(\*, a: /, "").replace(/\) -> Any: \.\.\.$/, "");
}

describe("toPythonSignatures() [tool.signature] prints the type of", () => {
  test.each<[unknown, string]>([
    [{ type: "string" }, "str"],
    [{ type: "integer" }, "int"],
    [{ type: "number" }, "float"],
    [{ type: "boolean" }, "bool"],
    [{ type: "null" }, "None"],
    [{}, "Any"],
    [true, "Any"],
    [{ type: "array" }, "list"],
    [{ type: "array", items: { type: "string" } }, "list[str]"],
    [{ items: { type: "object" } }, "list[dict]"],
    [{ type: "object" }, "dict"],
    [{ type: "object", additionalProperties: { type: "integer" } }, "dict[str, int]"],
    [{ type: ["string", "null"] }, "str | None"],
    [{ type: "string", nullable: true }, "str | None"],
    [{ anyOf: [{ type: "null" }, { type: "integer" }, { type: "string" }] }, "int | str | None"],
    [{ oneOf: [{ const: "a" }, { const: 2 }, { type: "boolean" }] }, "Literal['a',2] | bool"],
    [{ anyOf: [{ type: "integer" }, {}] }, "Any"],
    [{ enum: ["it's", 'a "b"', 1, true, null] }, "Literal['it\\'s','a \"b\"',1,True,None]"],
    [{ const: -1.5 }, "Literal[-1.5]"],
    [{ prefixItems: [{ type: "string" }, { type: "integer" }] }, "tuple[str, int]"],
    [{ allOf: [{ type: "string" }, { minLength: 0 }] }, "str"],
    [
      { properties: { id: { type: "string" }, n: { type: "integer" } }, required: ["id"] },
      "{'id': str, 'n': NotRequired[int]}",
    ],
    [
      {
        allOf: [
          { properties: { x: { type: "integer" } }, required: ["x"] },
          { properties: { y: { type: "integer" } }, required: ["y"] },
        ],
        type: "object",
      },
      "{'x': int, 'y': int}",
    ],
  ])("%j", (schema, text) => {
    expect(typeOf(schema)).toBe(text);
  });

  test("a long enum, as examples in the comment", () => {
    const values = Array.from({ length: 300 }, (_, index) => `value-${index}`);
    expect(native({ input: { properties: { a: { enum: values } } } })).toMatchInlineSnapshot(`
      "async def get_rows(*,
          a: str = None,  # one of 'value-0', 'value-1', 'value-2', 'value-3', 'value-4', …
      ) -> Any: ..."
    `);
  });

  test("a recursive object and a recursive union, by name", () => {
    const $defs = {
      node: { type: "object", properties: { kids: { items: { $ref: "#/$defs/node" } } } },
      json: { anyOf: [{ type: "string" }, { items: { $ref: "#/$defs/json" }, type: "array" }] },
    };
    const properties = { tree: { $ref: "#/$defs/node" }, data: { $ref: "#/$defs/json" } };
    expect(native({ input: { $defs, properties } })).toMatchInlineSnapshot(`
      "class Node(TypedDict):
          kids: NotRequired[list[Node]]
      Json = str | list[Json]
      async def get_rows(*, tree: Node = None, data: Json = None) -> Any: ..."
    `);
  });

  test("an object that is large or used twice, once and by name", () => {
    const person = z.object({
      id: z.string(),
      name: z.string().describe("Given name first"),
      joined: z.iso.date(),
      "e-mail": z.email(),
    });
    const subject = tool({
      name: "compare_people",
      description: "Compares two people.",
      input: z.object({ left: person, right: person.optional() }),
      output: z.array(person),
      execute: () => [],
    });
    expect(toPythonSignatures([subject])).toMatchInlineSnapshot(`
      "Left = TypedDict("Left", {
          'id': str,
          'name': str,  # Given name first
          'joined': str,  # YYYY-MM-DD
          'e-mail': str,  # email
      })
      ComparePeopleResult = TypedDict("ComparePeopleResult", {
          'id': str,
          'name': str,  # Given name first
          'joined': str,  # YYYY-MM-DD
          'e-mail': str,
      })
      async def compare_people(*, left: Left, right: Left = None) -> list[ComparePeopleResult]:
          '''Compares two people.'''"
    `);
  });
});

describe("toPythonSignatures()", () => {
  const search: Parts = {
    name: "search-rows",
    description: "Finds rows.\n\n  Sorted by   date.\r\n",
    input: {
      properties: {
        limit: { type: "integer", minimum: 1, maximum: 100, default: 10 },
        region: { type: "string", pattern: "^[a-z]+$", description: "Sales\nregion" },
        since: { type: "string", format: "date" },
        verbose: { type: "boolean", default: false },
      },
      required: ["region"],
    },
    output: {
      type: "array",
      items: { properties: { id: { type: "integer", minimum: 1 } }, required: ["id"] },
    },
  };

  test("puts required parameters first and comments where they belong", () => {
    expect(native(search)).toMatchInlineSnapshot(`
      "async def search_rows(*,
          region: str,  # Sales region; matches ^[a-z]+$
          limit: int = 10,  # 1..100
          since: str = None,  # YYYY-MM-DD
          verbose: bool = False,
      ) -> list[{'id': int}]:
          '''Finds rows.
          Sorted by date.'''"
    `);
  });

  test("shows one dict and text in the wire style", () => {
    expect(wire(search)).toMatchInlineSnapshot(`
      "async def search_rows(input: {
          'region': str,  # Sales region; matches ^[a-z]+$
          'limit': NotRequired[int],  # 1..100; default 10
          'since': NotRequired[str],  # YYYY-MM-DD
          'verbose': NotRequired[bool],  # default False
      }, /) -> str:  # JSON of list[{'id': int}]
          '''Finds rows.
          Sorted by date.'''"
    `);
    expect(wire({ input: { properties: { region: { type: "string" } }, required: ["region"] } })).toBe(
      "async def get_rows(input: {'region': str}, /) -> str: ...",
    );
  });

  test("takes a dict where a name is no keyword of Python", () => {
    const properties = { "user-id": { type: "string" }, from: { type: "string" } };
    expect(native({ input: { properties, required: ["user-id"] } })).toMatchInlineSnapshot(
      `"async def get_rows(input: {'user-id': str, 'from': NotRequired[str]}, /) -> Any: ..."`,
    );
  });

  test("shows choices between shapes, open inputs and no input", () => {
    const variants = [
      { properties: { id: { type: "string" } }, required: ["id"] },
      { properties: { name: { type: "string" } }, required: ["name"] },
    ];
    expect(native({ input: { anyOf: variants } })).toMatchInlineSnapshot(
      `"async def get_rows(input: {'id': str} | {'name': str}, /) -> Any: ..."`,
    );
    expect(native({ input: { additionalProperties: { type: "integer" } } })).toMatchInlineSnapshot(
      `"async def get_rows(input: dict[str, int], /) -> Any: ..."`,
    );
    const open = { properties: { a: {} }, additionalProperties: { type: "string" } };
    expect(native({ input: open })).toMatchInlineSnapshot(
      `"async def get_rows(*, a: Any = None, **others: str) -> Any: ..."`,
    );
    expect(wire({ input: open })).toMatchInlineSnapshot(`
      "async def get_rows(input: {
          'a': NotRequired[Any],
          # other keys: str
      }, /) -> str: ..."
    `);
    expect(native({})).toBe("async def get_rows() -> Any: ...");
    const either = { properties: { a: {}, b: {} }, anyOf: [{ required: ["a"] }, { required: ["b"] }] };
    expect(native({ input: either })).toBe("async def get_rows(*, a: Any = None, b: Any = None) -> Any: ...");
  });

  test("shows the first example as a call", () => {
    const definition = {
      name: "get_rows",
      description: "Rows.",
      input: { properties: { region: { type: "string" } } },
      inputExamples: [{ region: "west" }, { region: "east" }],
      execute: () => null,
    };
    expect(toPythonSignatures([tool(definition)])).toMatchInlineSnapshot(`
      "async def get_rows(*, region: str = None) -> Any:
          '''Rows.
          Example: get_rows(region='west')'''"
    `);
    expect(toPythonSignatures([tool(definition)], { style: "wire" })).toContain(
      "Example: get_rows({'region': 'west'})",
    );
  });

  test("cuts a huge description", () => {
    const text = native({ description: "word ".repeat(20_000) });
    expect(text.length).toBeLessThan(DEFAULT_MAX_DOC_CHARS + 100);
    expect(text).toMatch(/word…'''$/);
  });

  test("leaves out detail before it leaves out a tool", () => {
    const tools = Array.from({ length: 100 }, (_, index) =>
      make({ ...search, name: `tool_${index}`, description: "Does something. ".repeat(20) }),
    );
    const text = toPythonSignatures(tools, { maxChars: 40_000 });
    expect(text.length).toBeLessThanOrEqual(40_000);
    expect(text.match(/^async def tool_\d+\(/gm)).toHaveLength(100);
  });

  test("is left with the names of parameters, and then without, when there are too many", () => {
    const tools = (count: number): Tool[] =>
      Array.from({ length: count }, (_, at) => {
        const properties = Object.fromEntries(
          Array.from({ length: 12 }, (_each, part) => [`p${part}`, { type: "string" }]),
        );
        return make({ name: `tool_${at}`, input: { properties } });
      });
    const named = toPythonSignatures(tools(300), { style: "wire" });
    expect(named).toContain("async def tool_299(input: dict, /) -> str: ...  # keys: 'p0', 'p1', 'p2'");
    expect(named.length).toBeLessThanOrEqual(60_000);
    const bare = toPythonSignatures(tools(1_000), { maxChars: 10_000 });
    expect(bare).toMatch(/\nasync def tool_999\(input: dict, \/\) -> Any: \.\.\.$/);
    expect(bare).not.toContain("keys");
  });

  test("gives up what is too much work: references that double, unions of unions, long names", () => {
    const $defs: Record<string, JsonSchema> = { n0: { type: "string" } };
    for (let level = 1; level < 60; level += 1) {
      const inner = { $ref: `#/$defs/n${level - 1}` };
      $defs[`n${level}`] = { anyOf: [{ type: "array", items: inner }, { additionalProperties: inner }] };
    }
    const shared = { enum: Array.from({ length: 4_000 }, (_, at) => `value ${at}`) };
    const many = Object.fromEntries(
      Array.from({ length: 1_900 }, (_, at) => [`p${at}`, { $ref: "#/$defs/e" }]),
    );
    const inputs: JsonSchema[] = [
      { $defs, properties: { a: { $ref: "#/$defs/n59" } } },
      { $defs: { e: shared }, properties: many },
      { properties: { ["n".repeat(500_000)]: {} } },
    ];
    expect(inputs.map((input) => native({ input }).length > 70_000)).toEqual([false, false, false]);
  });
});
