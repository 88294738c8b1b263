/**
 * Whether real Python takes every signature, whatever is in the tool. Needs `python3`.
 */
import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { declareTool } from "./declare-tool.ts";
import { tool } from "./define-tool.ts";
import { toPythonSignatures } from "./python-signature.ts";
import type { JsonSchema, Tool } from "./tool.ts";

describe("toPythonSignatures()", () => {
  test("is Python for hostile descriptions, names and values", async () => {
    const evil = [
      "'''",
      "a'",
      "''",
      "\\",
      "\\'''",
      '"""',
      "```\nimport os",
      "'''\nimport os\n'''",
      "\u2028x\u0000\u000c\r",
      "\\N{x}",
      "\\u12",
      "#\n)",
      "\ud800",
      "'".repeat(7),
      "# type: ignore\rimport os",
    ];
    const declared = evil.map((text, index) => {
      const key = text.toWellFormed();
      return declareTool({
        name: `tool_${index}`,
        description: text,
        allowedCallers: ["programmatic"],
        inputSchema: {
          properties: {
            [key]: { enum: [text, "b"], description: text, default: text },
            plain: {
              type: "object",
              properties: { [key]: { description: text } },
              default: { [text]: [text] },
            },
          },
        },
        inputExamples: [{ plain: { [text]: text } }],
      });
    });
    const tools = await Promise.all(declared);
    const texts = tools.flatMap((one) => [
      toPythonSignatures([one]),
      toPythonSignatures([one], { style: "wire" }),
    ]);
    expect(compilePython(texts)).toEqual([]);
    for (const text of texts) expect(text).not.toContain("```");
  });

  test("is Python for any schema", () => {
    const texts = fc
      .sample(fc.tuple(anySchema(), anySchema(), fc.string(), fc.boolean()), { numRuns: 120, seed: 7 })
      .map(([input, output, description, isWire]) => {
        const subject: Tool = {
          ...tool({ name: "get_rows", description, input: {}, execute: () => null }),
          inputSchema: { ...input, type: "object" },
          outputSchema: output,
        };
        return toPythonSignatures([subject], { style: isWire ? "wire" : "native" });
      });
    expect(compilePython(texts)).toEqual([]);
  });
});

/** The texts that Python does not take for one `async def` with nothing but types and data beside it. */
function compilePython(texts: readonly string[]): string[] {
  const program = `
import ast, json, sys, warnings
warnings.simplefilter("error")
bad = []
for text in json.load(sys.stdin):
    try:
        body = ast.parse(text).body
        compile(text, "signature", "exec")
        kinds = [type(node).__name__ for node in body]
        if kinds.count("AsyncFunctionDef") != 1 or set(kinds) - {"AsyncFunctionDef", "ClassDef", "Assign"}:
            raise SyntaxError("has " + ", ".join(kinds))
    except Exception as error:
        bad.append(f"{error!r} in\\n{text}")
print(json.dumps(bad))`;
  const output = execFileSync("python3", ["-c", program], { input: JSON.stringify(texts) });
  return JSON.parse(output.toString()) as string[];
}

/** Schemas of all kinds, sensible and not. */
function anySchema(): fc.Arbitrary<JsonSchema> {
  const name = fc.oneof(fc.constantFrom("id", "name", "class", "a-b", "self", "_x", "1a"), fc.string());
  const { schema } = fc.letrec<{ schema: JsonSchema; part: unknown }>((tie) => ({
    schema: fc.record(
      {
        type: fc.constantFrom("object", "array", "string", "integer", "odd", ["string", "null"]),
        description: fc.string(),
        properties: fc.dictionary(name, tie("part"), { maxKeys: 3 }),
        required: fc.array(name, { maxLength: 3 }),
        items: tie("part"),
        prefixItems: fc.array(tie("part"), { maxLength: 2 }),
        additionalProperties: tie("part"),
        anyOf: fc.array(tie("part"), { maxLength: 3 }),
        oneOf: fc.array(tie("part"), { maxLength: 2 }),
        allOf: fc.array(tie("part"), { maxLength: 2 }),
        enum: fc.array(fc.jsonValue(), { maxLength: 4 }),
        const: fc.jsonValue(),
        default: fc.jsonValue(),
        format: fc.oneof(fc.constantFrom("date", "email"), fc.string()),
        pattern: fc.string(),
        minimum: fc.double(),
        maxLength: fc.nat(),
        $ref: fc.constantFrom("#", "#/$defs/a", "#/$defs/b", "#/nowhere", "other.json"),
        $defs: fc.record({ a: tie("part"), b: tie("part") }),
      },
      { requiredKeys: [] },
    ),
    part: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom({}, true, false, null, 7),
      tie("schema"),
    ),
  }));
  return schema;
}
