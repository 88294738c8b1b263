/**
 * Waves are exact: no fixed window, no polling.
 */
import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { createGate, echo } from "../contract-tools.ts";
import { assertPrinted } from "./assertions.ts";

export const waveCases: readonly ContractCase[] = [
  {
    id: "wave.gather",
    shows: "a gather of 20 is one wave with 20 calls in flight",
    async run(bench) {
      const result = await bench.run(
        "import asyncio\nr = await asyncio.gather(*[echo(value=i) for i in range(20)])",
        [echo],
      );
      assert.deepEqual([result.stats.calls, result.stats.waves, result.stats.maxInFlight], [20, 1, 20]);
    },
  },
  {
    id: "wave.levels",
    shows: "two dependent levels are two waves",
    async run(bench) {
      const code = `import asyncio
async def chain(i):
    return await echo(value=await echo(value=i))
print(sum(await asyncio.gather(*[chain(i) for i in range(10)])))`;
      const result = await bench.run(code, [echo]);
      assertPrinted(result, "45\n");
      assert.deepEqual([result.stats.calls, result.stats.waves, result.stats.maxInFlight], [20, 2, 10]);
    },
  },
  {
    id: "wave.semaphore",
    shows: "a semaphore of 5 over 20 calls makes four waves",
    async run(bench) {
      const code = `import asyncio
gate = asyncio.Semaphore(5)
async def one(i):
    async with gate:
        return await echo(value=i)
print(len(await asyncio.gather(*[one(i) for i in range(20)])))`;
      const result = await bench.run(code, [echo]);
      assertPrinted(result, "20\n");
      assert.deepEqual([result.stats.waves, result.stats.maxInFlight], [4, 5]);
    },
  },
  {
    id: "wave.sequential",
    shows: "sequential calls are a wave each",
    async run(bench) {
      const result = await bench.run("for i in range(7):\n    await echo(value=i)", [echo]);
      assert.deepEqual([result.stats.waves, result.stats.maxInFlight], [7, 1]);
    },
  },
  {
    id: "wave.blocked-event",
    shows: "the event blocked carries the whole wave, after every one of its calls",
    async run(bench) {
      const session = await bench.shared([echo]);
      const seen: string[] = [];
      for await (const event of session.run(
        "import asyncio\nawait asyncio.gather(echo(value=1), echo(value=2))",
      )) {
        seen.push(event.type === "blocked" ? `blocked ${event.made}` : event.type);
      }
      assert.deepEqual(seen, [
        "tool-call",
        "tool-call",
        "blocked 2",
        "tool-result",
        "tool-result",
        "finished",
      ]);
    },
  },
  {
    id: "wave.any-order",
    shows: "results are matched by id, in whatever order they return",
    async run(bench) {
      const gate = createGate();
      const session = await bench.shared([gate.tool, echo]);
      const code = `import asyncio
async def quick():
    value = await echo(value="quick")
    print(value)
    return value
print(await asyncio.gather(wait(value="slow"), quick()))`;
      const run = session.run(code);
      for await (const event of run) if (event.type === "output") gate.open();
      assertPrinted(await run.result, "quick\n['slow', 'quick']\n");
    },
  },
  {
    id: "wave.wait-for",
    shows: "wait_for around a call that never returns times out, the call is given up, the script goes on",
    async run(bench) {
      const gate = createGate();
      const session = await bench.shared([gate.tool, echo]);
      const code = `import asyncio
try:
    await asyncio.wait_for(wait(), 0.05)
except asyncio.TimeoutError:
    print("timed out")
print(await echo(value="on"))`;
      assertPrinted(await session.run(code).result, "timed out\non\n");
      assert.equal(gate.aborted, 1);
    },
  },
  {
    id: "wave.sleep",
    shows: "asyncio.sleep waits inside the sandbox, also while calls are pending",
    async run(bench) {
      const code = `import asyncio, time
start = time.monotonic()
await asyncio.gather(asyncio.sleep(0.05), echo(value=1))
print(0.05 <= time.monotonic() - start)`;
      assertPrinted(await bench.run(code, [echo]), "True\n");
    },
  },
  {
    id: "wave.busy-loop-hears",
    shows: "a loop that never waits still gets its results",
    async run(bench) {
      const code = `import asyncio
call = asyncio.ensure_future(echo(value="heard"))
while not call.done():
    await asyncio.sleep(0)
print(call.result())`;
      assertPrinted(await bench.run(code, [echo]), "heard\n");
    },
  },
];
