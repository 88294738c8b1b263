import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DrivenSession, driveSession } from "./fixtures/drive-session.ts";
import { processorUse, readProcessorMs } from "./guest-usage.ts";
import { wasm, type WasmSandbox } from "./wasm.ts";

/** Work of a few hundred milliseconds on any machine. */
const COMPUTE = "total = 0\nfor number in range(6_000_000): total += number";
const LEAST_MS = 100;

describe.skipIf(process.platform !== "linux")("the processor time of a session", () => {
  let sandbox: WasmSandbox;
  let driven: DrivenSession;

  beforeAll(async () => {
    sandbox = wasm();
    driven = driveSession(await sandbox.open());
  }, 120_000);

  afterAll(async () => {
    await sandbox.close();
  });

  const usedMs = async (): Promise<number | undefined> => await driven.session.processor?.usedMs();

  test("counts what a script computes, more than what it waits", { timeout: 60_000 }, async () => {
    await driven.run("pass");
    const atFirst = (await usedMs()) ?? 0;
    await driven.run("import time\ntime.sleep(1)");
    const afterWaiting = (await usedMs()) ?? 0;
    await driven.run(COMPUTE);
    const afterComputing = (await usedMs()) ?? 0;
    expect(atFirst).toBeGreaterThan(0);
    expect(afterComputing - afterWaiting).toBeGreaterThan(LEAST_MS);
    expect(afterComputing - afterWaiting).toBeGreaterThan(afterWaiting - atFirst);
  });

  test("is spread over at least one processor, and unknown once the session has ended", async () => {
    expect(driven.session.processor?.count).toBeGreaterThanOrEqual(1);
    await driven.session.close();
    expect(await usedMs()).toBeUndefined();
  });
});

test("processorUse() knows nothing where the kernel keeps no account in /proc", () => {
  expect(processorUse(process.pid, "darwin")).toBeUndefined();
  expect(processorUse(process.pid, "win32")).toBeUndefined();
});

test.skipIf(process.platform !== "linux")("readProcessorMs() is what a process says of itself", async () => {
  const { user, system } = process.cpuUsage();
  const ownMs = (user + system) / 1000;
  const readMs = (await readProcessorMs(process.pid)) ?? 0;
  expect(Math.abs(readMs - ownMs)).toBeLessThan(ownMs / 4 + 50);
});
