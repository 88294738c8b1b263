import { describe, expect, test } from "vitest";
import { type CliOutcome, runCli } from "../../../test/run-cli.ts";
import { createUserFolder } from "../../../test/user-folder.ts";

const TOOLS = `
  import { tool } from "toolscript";

  export default [
    tool({
      name: "get_number",
      description: "Returns the number, doubled",
      input: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
      execute: ({ n }) => 2 * n,
    }),
  ];
`;

const CODE = "import asyncio\nprint(sum(await asyncio.gather(*[get_number(n=i) for i in range(10)])))";
const WRITES_SCRIPT = { content: [{ type: "tool_use", name: "code_execution", input: { code: CODE } }] };

/** Puts a question to a scripted model, which sees the script's output in its second turn. */
async function ask(turns: readonly unknown[], ...options: readonly string[]): Promise<CliOutcome> {
  await using folder = await createUserFolder({ "tools.js": TOOLS, "turns.json": JSON.stringify(turns) });
  const args = ["run", "What is the sum?", "--tools", "tools.js", "--model", "scripted:turns.json"];
  return await runCli([...args, ...options], { cwd: folder.path });
}

describe("run", () => {
  test("run prints the answer alone to stdout and plain lines to stderr when in a pipe", async () => {
    const { exitCode, stdout, stderr } = await ask([WRITES_SCRIPT, { content: "It is 90.", expect: "90" }]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "It is 90.\n" });
    expect(stderr).toContain("No model is called: the answers come from a scenario\n");
    expect(stderr).toContain("cell 1: done, 10 calls in 1 wave, ");
    expect(stderr).toContain("2 samples · 10 tool calls (at most 10 at once)");
    expect(stderr).not.toContain("\u001B");
  });

  test("run --json prints one object and nothing else when the model answers", async () => {
    const { stdout, stderr } = await ask([WRITES_SCRIPT, { content: "It is 90.", expect: "90" }], "--json");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({
      question: "What is the sum?",
      model: "scripted:turns.json",
      answer: "It is 90.",
      stopReason: "end_turn",
      samples: 2,
      toolCalls: 10,
      maxInFlight: 10,
      scripted: true,
    });
  });

  test("run calls tools without a sandbox when --calling is direct", async () => {
    const direct = { content: [{ type: "tool_use", name: "get_number", input: { n: 4 } }] };
    const { exitCode, stdout } = await ask(
      [direct, { content: "Eight", expect: "8" }],
      "--calling",
      "direct",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "Eight\n" });
  });

  test("run exits with 1 and says so when the answer was cut off", async () => {
    const { exitCode, stdout, stderr } = await ask([{ content: "It is", stop_reason: "max_tokens" }]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "It is\n" });
    expect(stderr).toContain('The answer is not complete: the model stopped with "max_tokens"');
  });

  test("run exits with 1 when the scenario has no answer", async () => {
    const { exitCode, stdout, stderr } = await ask([WRITES_SCRIPT]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("error: Cannot play turn 1");
  });

  test("run exits with 2 when the scenario is none", async () => {
    const { exitCode, stderr } = await ask([{ text: "no content" }]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error: Cannot load the scenario");
  });
});
