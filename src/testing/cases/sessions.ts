/**
 * The life of a session: one cell at a time, independent of its neighbours, everything settles at the end.
 */
import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { createGate, echo } from "../contract-tools.ts";
import { assertFailed, assertPrinted } from "./assertions.ts";

export const sessionCases: readonly ContractCase[] = [
  {
    id: "session.independent",
    shows: "two sessions share nothing: no variables, no random numbers",
    async run(bench) {
      const [one, two] = await Promise.all([bench.open(), bench.open()]);
      await one.run("secret = 1").result;
      assertFailed(await two.run("print(secret)").result, 1, "NameError");
      const code = "import random, os, uuid\nprint(random.random(), os.urandom(8).hex(), uuid.uuid4())";
      const [first, second] = await Promise.all([one.run(code).result, two.run(code).result]);
      for (const [index, word] of first.stdout.split(" ").entries()) {
        assert.notEqual(word, second.stdout.split(" ")[index]);
      }
    },
  },
  {
    id: "session.one-cell",
    shows: "a second cell is refused while one runs",
    async run(bench) {
      const gate = createGate();
      const session = await bench.shared([gate.tool]);
      const run = session.run("print(await wait(value=1))");
      assert.throws(() => session.run("1"), { code: "cell-running" });
      await gate.started(1);
      gate.open();
      assertPrinted(await run.result, "1\n");
    },
  },
  {
    id: "session.interrupt",
    shows: "interrupt() raises KeyboardInterrupt in a script that waits for a call; variables survive",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool], limits: { interruptGraceMs: 10_000 } });
      const run = session.run("kept = 1\nawait wait()");
      await gate.started(1);
      run.interrupt();
      const result = await run.result;
      assertFailed(result, 130, "KeyboardInterrupt");
      assert.equal(result.survived, true);
      assert.equal(gate.aborted, 1);
      assertPrinted(await session.run("print(kept)").result, "1\n");
    },
  },
  {
    id: "session.closed-while-pending",
    shows: "closing while calls are pending settles everything: the run rejects, signals are aborted",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool] });
      const run = session.run("import asyncio\nawait asyncio.gather(*[wait() for _ in range(5)])");
      await gate.started(5);
      await session.close();
      await assert.rejects(run.result, { code: "session-closed" });
      assert.equal(gate.aborted, 5);
      assert.equal(session.alive, false);
      await session.close();
    },
  },
  {
    id: "session.aborted",
    shows: "aborting a run ends its script at once, and the run rejects with aborted",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool] });
      const abort = new AbortController();
      const run = session.run("await wait()\nwhile True: pass", { signal: abort.signal });
      await gate.started(1);
      abort.abort();
      await assert.rejects(run.result, { code: "aborted" });
      assert.equal(session.alive, false);
    },
  },
  {
    id: "session.lifetime",
    shows: "a session ends with its lifetime, in the middle of a cell, too",
    async run(bench) {
      const gate = createGate();
      const session = await bench.open({ tools: [gate.tool], limits: { lifetimeMs: 500 } });
      const keepAlive = setTimeout(() => {}, 60_000); // the session's own timer holds no process
      const result = await session.run("await wait()").result;
      clearTimeout(keepAlive);
      assert.deepEqual([result.limit, result.survived, session.alive], ["lifetime", false, false]);
    },
  },
  {
    id: "session.leftover-task",
    shows: "a task that a cell left behind makes no call between cells",
    async run(bench) {
      const session = await bench.shared([echo]);
      const code =
        "import asyncio\nasync def later():\n    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n    await echo(value=1)\ntask = asyncio.create_task(later())\nawait asyncio.sleep(0)";
      const first = await session.run(code).result;
      assert.equal(first.stats.calls, 0);
      assertPrinted(await session.run("print(await echo(value=2))").result, "2\n");
    },
  },
  {
    id: "session.many-cells",
    shows: "200 cells in one session, each with calls",
    async run(bench) {
      const session = await bench.shared([echo]);
      await session.run("total = 0").result;
      for (let cell = 0; cell < 200; cell += 1) {
        const result = await session.run(`total += await echo(value=${cell})`).result;
        assertPrinted(result, "");
      }
      assertPrinted(await session.run("print(total)").result, "19900\n");
    },
  },
];
