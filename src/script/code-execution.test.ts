import { countTokens as countCl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as countO200k } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { declareTool } from "../tools/declare-tool.ts";
import { tool } from "../tools/define-tool.ts";
import type { Tool } from "../tools/tool.ts";
import { codeExecutionTool, parseCodeExecutionInput } from "./code-execution.ts";

/** What the design allows for these three tools, in tokens. */
const MAX_TOKENS = 600;

const text = z.string();
const textOrNull = z.string().nullable();
const member = z.object({
  id: text,
  name: text,
  role: text,
  level: z.enum(["junior", "mid", "senior", "staff", "principal"]),
  email: text,
  department: text,
});
const expense = z.object({
  expense_id: text,
  date: z.iso.date(),
  category: z.enum([
    "travel",
    "lodging",
    "meals",
    "software",
    "equipment",
    "conference",
    "office",
    "internet",
  ]),
  description: text,
  amount: z.number(),
  currency: text,
  status: z.enum(["approved", "pending", "rejected"]),
  receipt_url: text,
  approved_by: textOrNull,
  store_name: text,
  store_location: text,
  reimbursement_date: z.iso.date().nullable(),
  payment_method: text,
  project_code: text,
  notes: text,
});
const budget = z.object({
  user_id: text,
  has_custom_budget: z.boolean(),
  travel_budget: z.number(),
  reason: text,
  currency: text,
});

const expenseTools: Tool[] = [
  tool({
    name: "get_team_members",
    description: "Everybody in a department.",
    input: z.object({ department: z.enum(["engineering", "sales", "marketing"]) }),
    output: z.array(member),
    execute: () => [],
  }),
  tool({
    name: "get_expenses",
    description:
      'Expense records of one employee in one quarter of 2024, sorted by date. Only records with the status "approved" count against a budget; travel means the category "travel" alone.',
    input: z.object({ employee_id: text, quarter: z.enum(["Q1", "Q2", "Q3", "Q4"]) }),
    output: z.array(expense),
    execute: () => [],
  }),
  tool({
    name: "get_custom_budget",
    description:
      "The quarterly travel budget of one employee. It is 5000 USD for everybody without a custom one.",
    input: z.object({ user_id: text }),
    output: budget,
    execute: () => ({
      user_id: "ENG001",
      has_custom_budget: false,
      travel_budget: 5000,
      reason: "standard",
      currency: "USD",
    }),
  }),
];

describe("codeExecutionTool()", () => {
  test("describes three tools with result types within the token budget, in both conventions [prompt.small]", () => {
    for (const convention of ["native", "wire"] as const) {
      const json = JSON.stringify(codeExecutionTool({ tools: expenseTools, convention, python: "3.14.2" }));
      expect(countO200k(json)).toBeLessThanOrEqual(MAX_TOKENS);
      expect(countCl100k(json)).toBeLessThanOrEqual(MAX_TOKENS);
    }
  });

  test("reads as this in the native convention", () => {
    const subject = codeExecutionTool({ tools: expenseTools, convention: "native", python: "3.14.2" });
    expect(subject).toMatchInlineSnapshot(`
      {
        "description": "Run a Python 3.14 script that calls the async functions below. You see only what it prints, never their results: do the whole job in one script, compute in Python, print only what the answer needs.
      - Use top-level await. Pass keyword arguments; you get parsed data (dicts, lists).
      - Run independent calls together with asyncio.gather, not one by one.
      - A failed call raises ToolError with the reason.
      - Variables stay for the next script. Standard library only; no network, no host files.

      Functions:
      async def get_team_members(*, department: Literal['engineering','sales','marketing']) -> list[{'id': str, 'name': str, 'role': str, 'level': Literal['junior','mid','senior','staff','principal'], 'email': str, 'department': str}]:
          '''Everybody in a department.'''

      class Expense(TypedDict):
          expense_id: str
          date: str  # YYYY-MM-DD
          category: Literal['travel','lodging','meals','software','equipment','conference','office','internet']
          description: str
          amount: float
          currency: str
          status: Literal['approved','pending','rejected']
          receipt_url: str
          approved_by: str | None
          store_name: str
          store_location: str
          reimbursement_date: str | None  # YYYY-MM-DD
          payment_method: str
          project_code: str
          notes: str
      async def get_expenses(*, employee_id: str, quarter: Literal['Q1','Q2','Q3','Q4']) -> list[Expense]:
          '''Expense records of one employee in one quarter of 2024, sorted by date. Only records with the status "approved" count against a budget; travel means the category "travel" alone.'''

      async def get_custom_budget(*, user_id: str) -> {'user_id': str, 'has_custom_budget': bool, 'travel_budget': float, 'reason': str, 'currency': str}:
          '''The quarterly travel budget of one employee. It is 5000 USD for everybody without a custom one.'''",
        "input_schema": {
          "additionalProperties": false,
          "properties": {
            "code": {
              "type": "string",
            },
          },
          "required": [
            "code",
          ],
          "type": "object",
        },
        "name": "code_execution",
      }
    `);
  });

  test("reads as this in the wire convention, for a tool that lives in a client", async () => {
    const orders = await declareTool({
      name: "list-orders",
      description: "Orders of a region. Returns a JSON array of {id, total}.",
      inputSchema: { properties: { region: { type: "string" } }, required: ["region"] },
      allowedCallers: ["programmatic"],
    });
    const { description } = codeExecutionTool({ tools: [orders], convention: "wire" });
    expect(description).toMatchInlineSnapshot(`
      "Run a Python script that calls the async functions below. You see only what it prints, never their results: do the whole job in one script, compute in Python, print only what the answer needs.
      - Use top-level await. Pass one dict; you get text, often JSON for json.loads.
      - Run independent calls together with asyncio.gather, not one by one.
      - A failed call raises ToolError with the reason.
      - Variables stay for the next script. Standard library only; no network, no host files.

      Functions:
      async def list_orders(input: {'region': str}, /) -> str:
          '''Orders of a region. Returns a JSON array of {id, total}.'''"
    `);
  });

  test("shows only tools that scripts may call, and does without any", () => {
    const direct = tool({
      name: "ask_person",
      description: "Asks.",
      input: z.object({}),
      allowedCallers: ["direct"],
      execute: () => null,
    });
    const { description } = codeExecutionTool({ tools: [direct], convention: "native" });
    expect(description).toMatchInlineSnapshot(`
      "Run a Python script. You see only what it prints.
      - Variables stay for the next script. Standard library only; no network, no host files."
    `);
  });

  test("names the budgets it is told of", () => {
    const limits = { runningMs: 90_000, maxOutputBytes: 1_048_576 };
    const { description } = codeExecutionTool({ tools: [], convention: "native", limits });
    expect(description).toMatch(/\n- Limits: 90 s running time \(waiting is free\), 1024 KiB output\.$/);
  });

  test("refuses two tools with one Python name", async () => {
    const tools = await Promise.all(
      ["a-b", "a_b"].map((name) =>
        declareTool({ name, description: "", inputSchema: {}, allowedCallers: ["programmatic"] }),
      ),
    );
    expect(() => codeExecutionTool({ tools, convention: "wire" })).toThrow('both are "a_b" in Python');
  });
});

describe("parseCodeExecutionInput()", () => {
  const code = 'print("""\n```\n""")\n';

  test.each<[string, unknown, string]>([
    ["plain code", { code }, code],
    ["keys beside code", { code: "1", language: "python" }, "1"],
    ["JSON text in place of the object", JSON.stringify({ code }), code],
    ["a list of lines", { code: ["if 1:", "    print(1)"] }, "if 1:\n    print(1)"],
    ["one fence around all", { code: "```python\nprint(1)\n```\n" }, "print(1)\n"],
    ["a fence without a language", { code: "```\nprint(1)\n```" }, "print(1)\n"],
    ["a fence around code with a fence in a string", { code: `\`\`\`py\n${code}\`\`\`` }, code],
    ["a fence with blanks and another case", { code: " \n~~~  Python3 \t\r\nprint(1)\n~~~ " }, "print(1)\n"],
    ["a fence in another language, untouched", { code: "```bash\nls\n```" }, "```bash\nls\n```"],
    ["a fence that is not closed, untouched", { code: "```python\nprint(1)" }, "```python\nprint(1)"],
    ["prose around a fence, untouched", { code: "Here:\n```\nprint(1)\n```" }, "Here:\n```\nprint(1)\n```"],
    ["indentation and line ends, untouched", { code: "  x = 1\r\n" }, "  x = 1\r\n"],
  ])("takes %s", (_name, input, expected) => {
    expect(parseCodeExecutionInput(input)).toEqual({ ok: true, code: expected });
  });

  test.each<[unknown, string]>([
    [undefined, 'the input is undefined, expected an object with the field "code"'],
    [null, "the input is null"],
    ["print(1)", 'the input is "print(1)"'],
    [[{ code: "1" }], "expected an object"],
    [{}, '"code" is missing, nothing was given; put the Python source into "code"'],
    [{ script: "print(1)" }, '"code" is missing, only ["script"] was given'],
    [{ code: 5 }, '"code" is 5, expected a string of Python source'],
    [{ code: [] }, '"code" is []'],
    [{ code: ["a", 1] }, '"code" is ["a",1]'],
    [{ code: " \n" }, '"code" is empty'],
    [{ code: "```python\n```" }, '"code" is empty'],
  ])("refuses %j with a sentence", (input, reason) => {
    const parsed = parseCodeExecutionInput(input);
    expect(parsed.ok ? "accepted" : parsed.message).toContain(reason);
  });
});
