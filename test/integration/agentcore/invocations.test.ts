/**
 * What scripts cost in invocations: a cell is one, and each wave is one.
 */
import { describe, expect, test } from "vitest";
import { createGate, echo } from "../../../src/testing/contract-tools.ts";
import { emulate } from "./emulated.ts";

const gather = (count: number): string =>
  `import asyncio\nprint(sum(await asyncio.gather(*[echo(value=i) for i in range(${count})])))`;

/** Three dependent levels, as the expense audit has them: people, their expenses, the budgets of some. */
const AUDIT = `import asyncio
team = await echo(value=list(range(20)))
spent = await asyncio.gather(*[echo(value=i) for i in team])
budgets = await asyncio.gather(*[echo(value=i * 2) for i in spent if i > 10])
print(len(budgets))`;

describe("agentcore() in invocations", () => {
  test.each([
    ["a script without calls", "print('hello')", 1, "hello\n"],
    ["20 gathered calls", gather(20), 2, "190\n"],
    ["1,000 gathered calls", gather(1000), 2, "499500\n"],
    ["three dependent levels", AUDIT, 4, "9\n"],
    [
      "a short sleep after the last call",
      "import asyncio\nprint(await echo(value=1))\nawait asyncio.sleep(0.05)",
      2,
      "1\n",
    ],
  ])(
    "run() costs what it must when a session's first cell is %s",
    async (_title, code, invocations, stdout) => {
      await using emulated = await emulate();
      const session = await emulated.open({ tools: [echo] });
      const result = await session.run(code).result;
      expect(result).toMatchObject({ stdout, stderr: "", returnCode: 0 });
      expect(emulated.emulator.counts).toMatchObject({ start: 1, invoke: invocations });
      expect(emulated.sandbox.stats().invocations).toBe(invocations);
    },
  );

  test("run() costs the same when it is not the first cell", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ tools: [echo] });
    await session.run("pass").result;
    emulated.emulator.clearRequests();
    await session.run(gather(20)).result;
    expect(emulated.emulator.counts.invoke).toBe(2);
  });

  test("run() keeps no request open while the host's tools run", async () => {
    await using emulated = await emulate();
    const gate = createGate();
    const session = await emulated.open({ tools: [gate.tool] });
    const run = session.run("print(await wait(value=7))");
    for await (const event of run) {
      if (event.type !== "blocked") continue;
      expect(emulated.emulator.requests.map(({ operation, status }) => [operation, status])).toEqual([
        ["start", 200],
        ["invoke", 200],
      ]);
      gate.open();
    }
    expect((await run.result).stdout).toBe("7\n");
    expect(emulated.emulator.counts.invoke).toBe(2);
  });

  test("run() asks again when a script computes for longer than one invocation may last", async () => {
    await using emulated = await emulate({ longestInvocationMs: 100 });
    const session = await emulated.open();
    const code =
      "import time\nend = time.monotonic() + 0.8\nwhile time.monotonic() < end: pass\nprint('done')";
    const result = await session.run(code).result;
    expect(result).toMatchObject({ stdout: "done\n", returnCode: 0 });
    expect(emulated.emulator.counts.invoke).toBeGreaterThan(3);
  });

  test("run() captures what a script prints between two invocations", async () => {
    await using emulated = await emulate({ longestInvocationMs: 20 });
    const session = await emulated.open();
    const code =
      "import time\nend = time.monotonic() + 1\nn = 0\nwhile time.monotonic() < end:\n    print(n); n += 1\n    for _ in range(2000): pass\nprint('last', n)";
    const { stdout } = await session.run(code).result;
    const lines = stdout.trim().split("\n");
    expect(emulated.emulator.counts.invoke).toBeGreaterThan(5);
    expect(lines.slice(0, -1)).toEqual(Array.from({ length: lines.length - 1 }, (_, index) => String(index)));
    expect(lines.at(-1)).toBe(`last ${lines.length - 1}`);
  });

  test("open() installs the runner when it is told to, and knows the version of Python then", async () => {
    await using emulated = await emulate({ install: "open" });
    const session = await emulated.sandbox.open();
    expect(session.python).toMatch(/^3\.\d+\.\d+$/);
    expect(emulated.emulator.counts).toMatchObject({ start: 1, invoke: 1 });
  });
});
