/**
 * Budgets: each is separate, each has its own clear error, and another session notices nothing.
 */
import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { createGate, echo } from "../contract-tools.ts";
import { assertFailed, assertIncludes, assertPrinted } from "./assertions.ts";

export const budgetCases: readonly ContractCase[] = [
  {
    id: "budget.running-time",
    shows: "an endless loop is interrupted after its running time, and its variables survive",
    async run(bench) {
      const session = await bench.open({ limits: { runningMs: 300, interruptGraceMs: 10_000 } });
      const result = await session.run("kept = 5\nwhile True: pass").result;
      assert.deepEqual([result.limit, result.survived, result.returnCode], ["running-time", true, 130]);
      assertIncludes(result.stderr, "KeyboardInterrupt");
      assertPrinted(await session.run("print(kept)").result, "5\n");
    },
  },
  {
    id: "budget.running-time-stubborn",
    shows: "a script that ignores the interrupt is killed, and the result says that its variables are lost",
    async run(bench) {
      const session = await bench.open({ limits: { runningMs: 200, interruptGraceMs: 300 } });
      const code =
        "n = 0\nwhile True:\n    try:\n        n += 1\n        while True: n += 1\n    except BaseException: pass";
      const result = await session.run(code).result;
      assert.deepEqual([result.limit, result.survived, session.alive], ["running-time", false, false]);
      assert.throws(() => session.run("1"), { code: "session-closed" });
    },
  },
  {
    id: "budget.waiting-is-not-running",
    shows: "time spent waiting for tools and timers does not count as running",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool], limits: { runningMs: 1_000 } });
      assertPrinted(await session.run("pass").result, ""); // the first cell may bear the start of the interpreter
      void gate.started(1).then(() => setTimeout(() => gate.open(), 700));
      const code = "import asyncio\nawait wait()\nawait asyncio.sleep(0.5)\nprint('fine')";
      const result = await session.run(code).result;
      assertPrinted(result, "fine\n");
      const { totalMs, runningMs } = result.stats;
      assert.ok(totalMs - runningMs >= 1_000, `${runningMs} of ${totalMs} ms count as running`);
    },
  },
  {
    id: "budget.total-time",
    shows: "a script that only waits is interrupted after its whole time, and its variables survive",
    async run(bench) {
      const session = await bench.open({ limits: { totalMs: 300, interruptGraceMs: 10_000 } });
      const result = await session.run("import asyncio\nkept = 5\nawait asyncio.sleep(1e6)").result;
      assert.deepEqual([result.limit, result.survived], ["total-time", true]);
      assertPrinted(await session.run("print(kept)").result, "5\n");
    },
  },
  {
    id: "budget.waits-for-nothing",
    shows:
      "a script that waits for what nothing can bring fails at once, at the line that waits; variables survive",
    async run(bench) {
      const session = await bench.open();
      const wait = "import asyncio\nkept = 5\nasync def stuck():\n    await asyncio.Event().wait()\n";
      const result = await session.run(`${wait}await asyncio.gather(stuck(), asyncio.sleep(0))`).result;
      assert.deepEqual([result.limit, result.survived, result.returnCode], [null, true, 1]);
      assertIncludes(result.stderr, 'File "<cell 1>", line 4, in stuck');
      assertIncludes(result.stderr, "nothing can wake this script: it waits for asyncio.Event.wait()");
      assertPrinted(await session.run("print(kept)").result, "5\n");
    },
  },
  {
    id: "budget.call-time",
    shows: "a tool that never returns raises TimeoutError inside the script, and its signal is aborted",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool, echo], limits: { callMs: 50 } });
      const code =
        "try:\n    await wait()\nexcept TimeoutError as error:\n    print(error)\nprint(await echo(value=1))";
      assertPrinted(
        await session.run(code).result,
        "Calling tool ['wait'] timed out (no response after 0.05s).\n1\n",
      );
      assert.equal(gate.aborted, 1);
    },
  },
  {
    id: "budget.calls",
    shows: "more calls than the budget of a cell: ToolError naming the budget; the next cell has its own",
    async run(bench) {
      const session = await bench.open({ tools: [echo], limits: { maxCalls: 3 } });
      assertFailed(
        await session.run("for i in range(9): await echo(value=i)").result,
        1,
        "ToolError",
        "3",
        "calls",
      );
      assertPrinted(await session.run("print(await echo(value='again'))").result, "again\n");
    },
  },
  {
    id: "budget.calls-in-flight",
    shows: "a million pending calls stop at the budget; the host never sees more",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool], limits: { maxCallsInFlight: 100 } });
      const code = `import asyncio
r = await asyncio.gather(*(wait(value=i) for i in range(50_000)), return_exceptions=True)
print(sum(isinstance(x, ToolError) for x in r))`;
      const run = session.run(code);
      for await (const event of run) if (event.type === "blocked") gate.open();
      assertPrinted(await run.result, "49900\n");
      const { calls, maxInFlight } = (await run.result).stats;
      assert.deepEqual([calls, maxInFlight], [100, 100]);
    },
  },
  {
    id: "budget.output",
    shows: "100 MB of prints are cut to the budget and counted; the beginning and the end are kept",
    async run(bench) {
      const session = await bench.open({ limits: { maxOutputBytes: 10_000 } });
      const code = "print('first')\nline = 'x' * 9_999\nfor i in range(10_000): print(line)\nprint('last')";
      const result = await session.run(code).result;
      const { droppedBytes } = result.stats;
      assert.deepEqual([result.returnCode, result.limit], [0, "output"]);
      const gap = `\n[... ${droppedBytes} bytes dropped ...]\n`;
      const [head = "", tail = ""] = result.stdout.split(gap);
      assert.deepEqual([head.slice(0, 7), tail.slice(-7)], ["first\nx", "x\nlast\n"]);
      assert.equal(head.length + tail.length + droppedBytes, "first\nlast\n".length + 100_000_000);
      assert.ok(result.stdout.length <= 10_000 && tail.length >= 2_000, `${result.stdout.length} characters`);
      assertPrinted(await session.run("print('next')").result, "next\n");
    },
  },
  {
    id: "budget.output-answer",
    shows:
      "of output beyond the budget both streams keep their end: an answer printed last, and the error after it",
    async run(bench) {
      const session = await bench.open({ limits: { maxOutputBytes: 10_000 } });
      const code = `import sys
for i in range(5_000): print("row", i)
print("the answer")
for i in range(5_000): print("note", i, file=sys.stderr)
raise ValueError("why")`;
      const { stdout, stderr, returnCode } = await session.run(code).result;
      assert.deepEqual([stdout.slice(-20), returnCode], ["row 4999\nthe answer\n", 1]);
      assert.equal(stderr.slice(-16), "ValueError: why\n");
      assert.ok(stdout.length + stderr.length <= 10_000, `${stdout.length} and ${stderr.length} characters`);
    },
  },
  {
    id: "budget.memory",
    shows:
      "a memory bomb ends as MemoryError or with its interpreter, never with the host; other sessions go on",
    async run(bench) {
      const [bomb, neighbour] = await Promise.all([bench.open(), bench.open()]);
      const result = await bomb.run("hoard = []\nwhile True: hoard.append(bytearray(16_000_000))").result;
      if (result.survived) assertFailed(result, 1, "MemoryError");
      else assert.deepEqual([result.limit, bomb.alive], ["memory", false]);
      assertPrinted(await neighbour.run("print('unharmed')").result, "unharmed\n");
    },
  },
];
