/**
 * A client that goes after its first wave: what its script does then ends within its budgets, and costs others nothing.
 */
import { describe, expect, test } from "vitest";
import { requireOrSkip } from "../require.ts";
import { hasPython } from "../fixtures/proxy-scene.ts";
import type { Vanished } from "./cases/proxy-vanished.ts";
import { expectBounded, HOSTILE_SECONDS, measureCase } from "./run-case.ts";

const MIB = 1024 * 1024;
const IN_THREAD = (work: string): string => `import os, threading, time, asyncio
def work():
${work
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
threading.Thread(target=work, daemon=True).start()
await get({})`;

/** What the script does once it has made a call that nobody answers. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "writes empty lines to the host": IN_THREAD(`while True:
    for fd in range(3, 20):
        try: os.write(fd, b"\\n" * 65536)
        except OSError: pass`),
  "prints without end": IN_THREAD('while True: print("x" * 10000)'),
  "computes in a thread": IN_THREAD("while True: pass"),
  "computes when the call has timed out": `try:
    await get({})
except Exception:
    pass
while True:
    pass`,
  "sleeps for ever, with many calls that wait": `import asyncio
tasks = [asyncio.ensure_future(get({})) for _ in range(3000)]
while True:
    await asyncio.sleep(0.001)`,
  "makes calls again and again": `import asyncio
while True:
    try:
        await asyncio.gather(*[asyncio.wait_for(get({}), 0.01) for _ in range(500)])
    except Exception:
        pass`,
};

const names = HOSTILE_SECONDS > 0 ? Object.keys(SCRIPTS) : ["writes empty lines to the host"];

const isMissing = await requireOrSkip("python", hasPython);

describe.skipIf(isMissing)("a script whose client has gone", () => {
  test.each(names)("%s", { timeout: 120_000 }, async (name) => {
    const report = await measureCase("proxy-vanished.ts", "vanished", { argument: SCRIPTS[name] });
    const { status, neighbour, left } = report.value as Vanished;
    expect(status).toBe(200);
    expect(left).toEqual([0, 0]);
    expect(Object.keys(neighbour)).toEqual(["200"]);
    expect(neighbour["200"]).toBeGreaterThan(50);
    expectBounded(report, 96 * MIB);
  });
});
