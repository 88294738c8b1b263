/**
 * The tool lists of real MCP servers (`tools/fetch-mcp-tools.ts`): each tool with its least and its fullest input and with wrong
 * ones, declared by a request and made by a program, beside plain Ajv in its spec mode. There is no difference.
 */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { declareTool } from "../../src/tools/declare-tool.ts";
import { tool } from "../../src/tools/define-tool.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { WorkBudget } from "../../src/tools/work-budget.ts";
import { makeInput, makeWrongInputs } from "../fixtures/schema-inputs.ts";

interface ServerTools {
  readonly package: string;
  readonly version: string;
  readonly tools: readonly {
    readonly name: string;
    readonly description?: string;
    readonly inputSchema: Record<string, unknown>;
  }[];
}

const FOLDER = new URL("../fixtures/mcp-tools/", import.meta.url);
const servers = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as ServerTools,
);

function plainAjv(schema: Record<string, unknown>): ValidateFunction {
  const options = { strict: false, validateFormats: false, allErrors: false, logger: false } as const;
  const { $schema: dialect, ...document } = schema;
  return /draft-0[4-7]/.test(String(dialect))
    ? new Ajv(options).compile(document)
    : new Ajv2020(options).compile(document);
}

/** Where a tool and plain Ajv differ. A program's own tool may take more: what is missing and has a default is filled in. */
async function differences(
  made: Tool,
  validate: ValidateFunction,
  { inputs, isOwn }: { readonly inputs: readonly unknown[]; readonly isOwn: boolean },
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const input of inputs) {
    const parsed = await made.parseInput(input);
    const isRight = validate(input);
    const differs = isOwn ? isRight && !parsed.ok : isRight !== parsed.ok;
    // No reason is empty.
    const isMute = !parsed.ok && !/is wrong: \S/.test(parsed.message);
    if (differs || isMute) found.push({ tool: made.name, input, says: parsed.ok ? "fits" : parsed.message });
  }
  return found;
}

test("there are many servers and tools", () => {
  expect(servers.length).toBeGreaterThanOrEqual(20);
  expect(servers.flatMap(({ tools }) => tools).length).toBeGreaterThanOrEqual(700);
});

describe.each(servers.map((server) => [`${server.package} ${server.version}`, server] as const))(
  "%s",
  (_name, { tools }) => {
    test("takes what plain Ajv takes, and nothing else", async () => {
      const budget = new WorkBudget();
      const found: unknown[] = [];
      let taken = 0;
      for (const { name, description = "", inputSchema } of tools) {
        const validate = plainAjv(inputSchema);
        const right = [makeInput(inputSchema, false), makeInput(inputSchema, true)];
        taken += right.filter((input) => validate(input)).length;
        const inputs = [...right, ...makeWrongInputs(inputSchema)];
        const outline = { name, description, inputSchema, allowedCallers: ["programmatic"] as const };
        const declared = await declareTool(outline, budget);
        const own = tool({ name, description, input: inputSchema, execute: () => null });
        found.push(...(await differences(declared, validate, { inputs, isOwn: false })));
        found.push(...(await differences(own, validate, { inputs, isOwn: true })));
      }
      expect(found).toEqual([]);
      // Nearly all that is made as right is right: else this would show little.
      expect(taken).toBeGreaterThanOrEqual(0.95 * 2 * tools.length);
    });
  },
);
