/**
 * What tools return, also the odd things: an error or a value, each defined.
 */
import assert from "node:assert/strict";
import { tool } from "../../tools/define-tool.ts";
import type { ContractBench, ContractCase } from "../contract-case.ts";
import { echo, returning } from "../contract-tools.ts";
import { assertFailed, assertIncludes, assertPrinted } from "./assertions.ts";

const MIB = 1024 * 1024;

async function caught(bench: ContractBench, name: string, execute: () => unknown): Promise<string> {
  const code = `try:\n    print(repr(await ${name}()))\nexcept ToolError as error:\n    print("ToolError", error)`;
  const result = await bench.run(code, [returning(name, execute)]);
  assertPrinted(result, result.stdout);
  return result.stdout;
}

export const valueCases: readonly ContractCase[] = [
  {
    id: "value.undefined",
    shows: "undefined and null are None",
    async run(bench) {
      assert.equal(await caught(bench, "nothing", () => undefined), "None\n");
      assert.equal(await caught(bench, "nothing", () => null), "None\n");
    },
  },
  {
    id: "value.cycle",
    shows: "a cycle is a ToolError that names the place",
    async run(bench) {
      const text = await caught(bench, "cycle", () => {
        const node: Record<string, unknown> = { name: "root" };
        node["child"] = { parent: node };
        return node;
      });
      assertIncludes(text, "ToolError");
      assertIncludes(text, "child");
    },
  },
  {
    id: "value.bigint",
    shows: "a BigInt that a number holds exactly arrives as int, a larger one is a ToolError",
    async run(bench) {
      assert.equal(await caught(bench, "big", () => ({ n: 12n })), "{'n': 12}\n");
      assertIncludes(await caught(bench, "big", () => ({ n: 2n ** 70n })), "ToolError");
    },
  },
  {
    id: "value.throws",
    shows: "whatever a tool throws is a ToolError, also what is no Error, thrown at once",
    async run(bench) {
      const text = await caught(bench, "thrower", () => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- tools of others do this
        throw "a bare string";
      });
      assert.equal(text, "ToolError a bare string\n");
    },
  },
  {
    id: "value.unicode",
    shows: "text survives the way there and back: non-ASCII, quotes, newlines, line separators, NUL",
    async run(bench) {
      const text = 'é 漢字 🎉 "q" \\ \n\t\u2028 \u0000 \u0001';
      const code = `v = await echo(value=${JSON.stringify(text)})\nprint(v == ${JSON.stringify(text)}, len(v))`;
      assertPrinted(await bench.run(code, [echo]), `True ${Array.from(text).length}\n`);
    },
  },
  {
    id: "value.numbers",
    shows: "large whole numbers from a script arrive exactly or are refused, floats round-trip",
    async run(bench) {
      assertPrinted(
        await bench.run("print(await echo(value=[9007199254740991, 0.1, -1e300]))", [echo]),
        "[9007199254740991, 0.1, -1e+300]\n",
      );
      assertFailed(await bench.run("await echo(value=2**53)", [echo]), 1, "ToolError", "9007199254740992");
      assertFailed(await bench.run("await echo(value=float('nan'))", [echo]), 1, "ToolError");
    },
  },
  {
    id: "value.large-result",
    shows: "a result of 20 MB arrives whole",
    async run(bench) {
      const big = returning("big", () => "x".repeat(20 * MIB));
      assertPrinted(await bench.run("v = await big()\nprint(len(v))\ndel v", [big]), `${20 * MIB}\n`);
    },
  },
  {
    id: "value.too-large-result",
    shows: "a result over the limit is a ToolError that says its size",
    async run(bench) {
      const session = await bench.open({
        tools: [returning("big", () => "x".repeat(MIB))],
        limits: { maxResultBytes: 1000 },
      });
      const result = await session.run("await big()").result;
      assertFailed(result, 1, "ToolError", "1048578", "1000");
      assert.equal(result.stats.resultBytes, 0);
    },
  },
  {
    id: "value.large-input",
    shows: "an argument of 1 MiB arrives whole; one of 50 MB is a ToolError and never leaves the sandbox",
    async run(bench) {
      assertPrinted(await bench.run(`print(len(await echo(value="y" * ${MIB})))`, [echo]), `${MIB}\n`);
      const result = await bench.run("await echo(value='y' * 50_000_000)", [echo]);
      assertFailed(result, 1, "ToolError", "echo");
      assert.equal(result.stats.calls, 0);
    },
  },
  {
    id: "value.many-parts",
    shows:
      "an argument of 200,000 items arrives; one of millions is a ToolError and never leaves the sandbox",
    async run(bench) {
      const count = tool({
        name: "count",
        description: "Counts.",
        input: { type: "object" },
        execute: ({ items }) => (items as readonly unknown[]).length,
      });
      const text = "print(await count(items=[0] * 200_000), await count(items=['[,{:' * 100_000]))";
      assertPrinted(await bench.run(text, [count]), "200000 1\n");
      const result = await bench.run("await count(items=[0] * 5_000_000)", [count]);
      assertFailed(result, 1, "ToolError", "count", "250000 items");
      assert.equal(result.stats.calls, 0);
    },
  },
  {
    id: "value.many-large",
    shows: "hundreds of large arguments and results at once arrive whole, though neither side holds them all",
    async run(bench) {
      const code =
        "import asyncio\ntexts = ['%d ' % n + 'x' * 200_000 for n in range(400)]\nback = await asyncio.gather(*[echo(value=t) for t in texts])\nprint(back == texts)";
      assertPrinted(await bench.run(code, [echo]), "True\n");
    },
  },
];
