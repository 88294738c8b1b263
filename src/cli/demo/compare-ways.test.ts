import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openExpenseDatabase } from "../../../examples/expense-auditor/data.ts";
import { wasm } from "../../sandbox/wasm/wasm.ts";
import { type Comparison, compareWays } from "./compare-ways.ts";
import { toDemoJson } from "./demo-json.ts";
import { toPlainText } from "../output.ts";
import { formatReport } from "./report.ts";
import type { WayName } from "./ways.ts";

/** Three ways with 30 requests of up to 1 MB among them, and a first start of the sandbox. */
const COMPARE_TIMEOUT_MS = 60_000;

describe("compareWays()", () => {
  let comparison: Comparison;
  const sandbox = wasm();
  beforeAll(async () => {
    comparison = await compareWays({ sandbox, delayMultiplier: 0.1 });
  }, COMPARE_TIMEOUT_MS);
  afterAll(() => sandbox.close());

  function requestBodies(name: WayName): string {
    const way = comparison.ways.find((one) => one.name === name);
    return (way?.requests ?? []).map(({ bodyText }) => bodyText).join("\n");
  }

  test("gets the right answer in every way", () => {
    expect(comparison.ways.map(({ name, correct }) => ({ name, correct }))).toEqual([
      { name: "sequential", correct: true },
      { name: "parallel", correct: true },
      { name: "programmatic", correct: true },
    ]);
    expect(comparison.expected.length).toBeGreaterThanOrEqual(5);
  });

  test("needs two samples for 41 calls in the programmatic way", () => {
    const { programmatic, parallel, sequential } = toDemoJson(comparison).ways;
    expect(programmatic).toMatchObject({ samples: 2, toolCalls: 41, maxInFlight: 40 });
    expect(parallel).toMatchObject({ samples: 4, maxInFlight: 20 });
    expect(sequential).toMatchObject({ maxInFlight: 1 });
    expect(sequential.samples).toBe(sequential.toolCalls + 1);
  });

  test("saves at least 95 % of the input tokens of the parallel way", () => {
    expect(comparison.savedPercent).toBeGreaterThanOrEqual(95);
    const { parallel, programmatic } = toDemoJson(comparison).ways;
    expect(1 - programmatic.inputTokens / parallel.inputTokens).toBeGreaterThanOrEqual(
      comparison.savedPercent / 100,
    );
  });

  test("lets no expense id into any request of the programmatic way [demo.raw-records-stay-out]", () => {
    const database = openExpenseDatabase();
    const ids = database
      .prepare("SELECT expense_id FROM expenses")
      .all()
      .map((row) => String(row["expense_id"]));
    database.close();
    const programmatic = requestBodies("programmatic");
    expect(programmatic).toContain("asyncio.gather");
    expect(ids.filter((id) => programmatic.includes(id))).toEqual([]);
    const parallel = requestBodies("parallel");
    const engineering = ids.filter((id) => /^ENG\d+_Q3_/.test(id));
    expect(engineering).toHaveLength(2_000);
    expect(engineering.every((id) => parallel.includes(id))).toBe(true);
  });

  test("describes code_execution in at most 600 tokens", async () => {
    const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
    const body = comparison.ways.at(-1)?.requests[0]?.body as { tools: readonly unknown[] };
    expect(body.tools).toHaveLength(1);
    expect(countTokens(JSON.stringify(body.tools[0]))).toBeLessThanOrEqual(600);
  });

  test("measures tools and sandbox where there are any", () => {
    const { sequential, parallel, programmatic } = toDemoJson(comparison).ways;
    for (const way of [sequential, parallel, programmatic]) expect(way.toolMs).toBeGreaterThan(0);
    expect([sequential.sandboxMs, parallel.sandboxMs]).toEqual([0, 0]);
    expect(programmatic.sandboxMs).toBeGreaterThan(0);
  });

  test("prints exactly the promised fields as JSON", () => {
    const json = toDemoJson(comparison);
    expect(Object.keys(json)).toEqual(["question", "expected", "scripted", "ways", "savedPercent"]);
    expect(Object.keys(json.ways)).toEqual(["sequential", "parallel", "programmatic"]);
    expect(Object.keys(json.ways.programmatic)).toEqual([
      "answer",
      "correct",
      "samples",
      "toolCalls",
      "maxInFlight",
      "inputTokens",
      "outputTokens",
      "toolMs",
      "sandboxMs",
    ]);
  });

  test("says in the report what is scripted, estimated, measured and modelled", () => {
    const report = toPlainText(formatReport(comparison)).replaceAll(/\s+/g, " ");
    expect(report).toContain("No model was called");
    expect(report).toContain("Tokens are an estimate (gpt-tokenizer");
    expect(report).toContain("Tool and sandbox seconds were measured");
    expect(report).toContain("Model seconds are modelled, not measured");
    expect(report).toContain("--model bedrock:");
    expect(report).not.toContain("\u001B");
  });
});
