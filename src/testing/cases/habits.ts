/**
 * Scripts as models write them: each works, or what the model reads back says what to change.
 */
import assert from "node:assert/strict";
import * as z from "zod";
import { toCellResultText } from "../../script/cell-result-text.ts";
import { tool } from "../../tools/define-tool.ts";
import type { Tool } from "../../tools/tool.ts";
import type { ContractBench, ContractCase } from "../contract-case.ts";
import { MODEL_SCRIPTS, type ModelScript } from "./model-scripts.ts";
import { assertIncludes, assertPrinted } from "./assertions.ts";

const member = z.object({
  name: z.string(),
  salary: z.int(),
  email: z.string().optional(),
  office: z.string().optional(),
  started_on: z.string().optional(),
});

/** The tools of the scripts. */
export const habitTools: readonly Tool[] = [
  tool({
    name: "get_members",
    description: "Members of a department.",
    input: z.object({ department: z.string() }),
    output: z.array(member),
    execute: async () => [
      { name: "Alice", salary: 100 },
      { name: "Bob", salary: 200 },
    ],
  }),
  tool({
    name: "get_report",
    description: "The report of a day, as text; there is none of day 0.",
    input: z.object({ day: z.int() }),
    execute: async ({ day }) => {
      if (day === 0) throw new Error("there is no report of day 0");
      return "fine";
    },
  }),
  tool({
    name: "search-issues",
    description: "Searches issues.",
    input: z.object({ repo: z.string(), state: z.enum(["open", "closed"]).optional() }),
    execute: async ({ repo, state }) => `${repo} ${state}`,
  }),
  tool({
    name: "get_open",
    description: "Has a schema that allows any field.",
    input: { type: "object", properties: { query: { type: "string" }, limit: { type: "integer" } } },
    execute: async () => [1, 2, 3],
  }),
  tool({
    name: "get_manager",
    description: "The manager of a department.",
    input: z.object({ department: z.string() }),
    output: member,
    execute: async () => ({ name: "Carol", salary: 300 }),
  }),
  tool({
    name: "get_weather",
    description: "The weather of a place.",
    input: z.object({ place: z.string(), from: z.string() }),
    execute: async ({ place, from }) => `${place} from ${from}`,
  }),
];

/** What other scripts have defined or imported, so that each begins as if it were the first. */
const FORGET = "for name in [name for name in globals() if not name.startswith('__')]: del globals()[name]";

async function prove(script: ModelScript, bench: ContractBench): Promise<void> {
  for (const convention of script.conventions ?? (["native", "wire"] as const)) {
    const session = await bench.shared(habitTools, convention);
    await session.run(FORGET).result;
    const result = await session.run(script.code).result;
    const says = bench.traits.threads ? script.says : (script.saysInWasm ?? script.says);
    if (says === undefined) assertPrinted(result, script.prints ?? "");
    else assertIncludes(toCellResultText(result), says);
    assert.ok(session.alive, "the session goes on");
  }
}

export const habitCases: readonly ContractCase[] = MODEL_SCRIPTS.map((script) => ({
  id: script.prints === undefined ? "habit.says" : "habit.works",
  shows: `models ${script.habit}`,
  run: (bench) => prove(script, bench),
}));
