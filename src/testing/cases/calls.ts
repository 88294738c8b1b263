/**
 * How a script calls tools, and what it gets when it calls them wrong.
 */
import assert from "node:assert/strict";
import * as z from "zod";
import { tool } from "../../tools/define-tool.ts";
import type { ContractCase } from "../contract-case.ts";
import { add, createGate, echo, fail } from "../contract-tools.ts";
import { assertFailed, assertIncludes, assertPrinted } from "./assertions.ts";

/** Counts how often it ran: a refused call must not run the tool. */
function countingTool(): { counted: ReturnType<typeof tool>; count: () => number } {
  let count = 0;
  const counted = tool({
    name: "counted",
    description: "Counts.",
    input: z.object({ quarter: z.enum(["Q1", "Q2"]) }),
    execute: async () => (count += 1),
  });
  return { counted, count: () => count };
}

export const callCases: readonly ContractCase[] = [
  {
    id: "call.native",
    shows: "native: keyword arguments in, parsed JSON out",
    async run(bench) {
      assertPrinted(
        await bench.run("print((await echo(value={'a': [1, None, True, 1.5]}))['a'])", [echo]),
        "[1, None, True, 1.5]\n",
      );
    },
  },
  {
    id: "call.native-dict",
    shows: "native: one dict in works as well",
    async run(bench) {
      assertPrinted(await bench.run("print(await add({'a': 1, 'b': 2}))", [add]), "3\n");
    },
  },
  {
    id: "call.positional",
    shows: "positional arguments follow the declared order",
    async run(bench) {
      assertPrinted(await bench.run("print(await add(1, b=2), await add(3, 4))", [add]), "3 7\n");
    },
  },
  {
    id: "call.wire",
    shows: "wire: one dict in, text out; keyword arguments work as well",
    async run(bench) {
      const session = await bench.open({ tools: [echo], convention: "wire" });
      const code = `import json
rows = await echo({"value": [{"id": 1}]})
print(type(rows).__name__, json.loads(rows)[0]["id"])
print(await echo(value="plain text"))`;
      assertPrinted(await session.run(code).result, "str 1\nplain text\n");
    },
  },
  {
    id: "call.alias",
    shows: "a tool whose name is no identifier is called by its alias",
    async run(bench) {
      const fetchUrl = tool({
        name: "fetch-url",
        description: "Fetches.",
        input: z.object({ url: z.string() }),
        execute: async ({ url }) => `got ${url}`,
      });
      assertPrinted(await bench.run("print(await fetch_url(url='x'))", [fetchUrl]), "got x\n");
    },
  },
  {
    id: "call.coroutine-function",
    shows: "tools are coroutine functions: create_task, gather and asyncio.run take their calls",
    async run(bench) {
      const code = `import asyncio, inspect
print(inspect.iscoroutinefunction(echo), echo.__name__)
task = asyncio.create_task(echo(value=1))
await asyncio.sleep(0)
print(await task)`;
      assertPrinted(await bench.run(code, [echo]), "True echo\n1\n");
    },
  },
  {
    id: "call.error-catchable",
    shows: "a tool that throws raises a ToolError with its message, which a script can catch",
    async run(bench) {
      const code = `try:
    await fail(message="disk on fire")
except ToolError as error:
    print("caught", error)
print("goes on")`;
      assertPrinted(await bench.run(code, [fail]), "caught disk on fire\ngoes on\n");
    },
  },
  {
    id: "call.error-uncaught",
    shows: "an uncaught ToolError ends the cell with a traceback at the script's own line",
    async run(bench) {
      const result = await bench.run("x = 1\nawait fail()\nprint('never')", [fail]);
      assertFailed(result, 1, "line 2", "await fail()", "ToolError: it broke");
      assert.equal(result.stdout, "");
    },
  },
  {
    id: "call.schema-refused",
    shows: "arguments against the schema: ToolError naming field and reason, and the tool does not run",
    async run(bench) {
      const { counted, count } = countingTool();
      const result = await bench.run(
        "try:\n    await counted(quarter='Q9')\nexcept ToolError as e:\n    print(e)",
        [counted],
      );
      for (const part of ["quarter", "Q9", "Q1"]) assertIncludes(result.stdout, part);
      const missing = await bench.run("await counted()", [counted]);
      assertFailed(missing, 1, "ToolError", "quarter");
      assert.equal(count(), 0);
    },
  },
  {
    id: "call.arity",
    shows: "too many, double or unserialisable arguments: ToolError, and nothing is sent",
    async run(bench) {
      const code = `for attempt in (lambda: add(1, 2, 3), lambda: add(1, a=2), lambda: add(a=1, b={1, 2})):
    try:
        await attempt()
    except ToolError as error:
        print("add" in str(error))`;
      const result = await bench.run(code, [add]);
      assertPrinted(result, "True\nTrue\nTrue\n");
      assert.equal(result.stats.calls, 0);
    },
  },
  {
    id: "call.unknown",
    shows: "an unknown tool is a NameError like any unknown name",
    async run(bench) {
      assertFailed(
        await bench.run("await get_weather(city='Rome')", [echo]),
        1,
        "NameError",
        "get_weather",
        "line 1",
      );
    },
  },
  {
    id: "call.replaced-tools",
    shows: "tools may change between cells; one that is gone is gone",
    async run(bench) {
      assertPrinted(await bench.run("print(await add(1, 1))", [add]), "2\n");
      assertFailed(await bench.run("await add(1, 1)", [echo]), 1, "NameError");
    },
  },
  {
    id: "call.never-awaited",
    shows: "a call that was never awaited is named on standard error",
    async run(bench) {
      const result = await bench.run("echo(value=1)\nprint('done')", [echo]);
      assert.equal(result.stdout, "done\n");
      assertIncludes(result.stderr, "coroutine 'echo' was never awaited");
      assert.equal(result.stats.calls, 0);
    },
  },
  {
    id: "call.caller-enforced",
    shows: "a tool that only the model may call does not exist in a script",
    async run(bench) {
      const direct = tool({
        name: "direct_only",
        description: "Not for scripts.",
        input: z.object({}),
        allowedCallers: ["direct"],
        execute: async () => 1,
      });
      assertFailed(await bench.run("await direct_only()", [direct]), 1, "NameError");
    },
  },
  {
    id: "call.cancelled",
    shows: "a call whose task is cancelled is given up on the host, and its late answer is ignored",
    async run(bench) {
      const gate = createGate();
      const session = await bench.shared([gate.tool, echo]);
      const code = `import asyncio
task = asyncio.create_task(wait(value="late"))
await echo(value=0)
task.cancel()
try:
    await task
except asyncio.CancelledError:
    print("cancelled")
print(await echo(value="next"))`;
      assertPrinted(await session.run(code).result, "cancelled\nnext\n");
      gate.open();
      assertPrinted(await session.run("print(await echo(value='later'))").result, "later\n");
      assert.equal(gate.aborted, 1);
    },
  },
];
