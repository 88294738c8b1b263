/**
 * Running time is what the machine measures, not what the script says.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { probeDocker } from "../docker-engine.ts";
import { requireOrSkip } from "../require.ts";
import type { EvasionArgument, EvasionOutcome } from "./cases/evasion.ts";
import { runCase } from "./run-case.ts";

/** A second of processor time may take long on a busy machine; a script that is not interrupted never ends. */
const CASE_TIMEOUT_MS = 120_000;

const FORGED_WAIT = `
import asyncio
pump = next(cell.cell_contents.__self__ for cell in waits.__closure__ if type(getattr(cell.cell_contents, "__self__", None)).__name__ == "Pump")
def say_that_it_waits():
    pump.flush()
    pump._transport.write((pump._blocked_head + "null}\\n").encode())
`;

const SCRIPTS: Readonly<Record<string, string>> = {
  "says that it waits, and computes": `${FORGED_WAIT}say_that_it_waits()\nwhile True: pass`,
  "makes a call, says that it waits for it, and computes": `${FORGED_WAIT}asyncio.ensure_future(waits())\nawait asyncio.sleep(0)\nsay_that_it_waits()\nwhile True: pass`,
};

const THREADED: Readonly<Record<string, string>> = {
  "computes in a thread while its loop sleeps": `
import asyncio, threading
def compute():
    while True: pass
threading.Thread(target=compute, daemon=True).start()
await asyncio.sleep(600)`,
  "computes in a child process while it waits for a call": `
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "while True: pass"])
await waits()`,
};

const LEFT_BEHIND = `
import threading
def compute():
    while True: pass
threading.Thread(target=compute, daemon=True).start()`;

async function run(argument: EvasionArgument): Promise<EvasionOutcome> {
  return (await runCase("evasion.ts", "evade", { argument, timeoutMs: CASE_TIMEOUT_MS - 5_000 }))
    .value as EvasionOutcome;
}

async function expectInterrupted(sandbox: EvasionArgument["sandbox"], script: string): Promise<void> {
  const outcome = await run({ sandbox, script });
  expect(outcome.limit).toBe("running-time");
}

describe("WASM: a script that", { timeout: CASE_TIMEOUT_MS }, () => {
  test.each(Object.entries(SCRIPTS))("%s is interrupted all the same", async (_name, script) => {
    await expectInterrupted("wasm", script);
  });
});

describe.skipIf(await requireOrSkip("docker", probeDocker))(
  "Docker: a script that",
  { timeout: CASE_TIMEOUT_MS },
  () => {
    test.each(Object.entries({ ...SCRIPTS, ...THREADED }))(
      "%s is interrupted all the same",
      async (_name, script) => {
        await expectInterrupted("docker", script);
      },
    );

    test("leaves a thread behind that computes loses its session", async () => {
      const outcome = await run({ sandbox: "docker", script: LEFT_BEHIND, isIdle: true });
      expect(outcome).toMatchObject({ limit: null, survived: true, alive: false });
    });
  },
);

describe.skipIf(await requireOrSkip("python", () => promisify(execFile)("python3", ["--version"])))(
  "A plain process: a script that",
  { timeout: CASE_TIMEOUT_MS },
  () => {
    test.each(
      Object.entries({
        ...SCRIPTS,
        "computes in a thread while its loop sleeps":
          THREADED["computes in a thread while its loop sleeps"] ?? "",
      }),
    )("%s is interrupted all the same", async (_name, script) => {
      await expectInterrupted("process", script);
    });
  },
);
