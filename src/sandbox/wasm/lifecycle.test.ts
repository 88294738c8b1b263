import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isToolscriptError } from "../../errors.ts";
import type { Sandbox } from "../sandbox.ts";
import { driveSession } from "./fixtures/drive-session.ts";
import { childrenOf, isRunning, whenGone } from "./fixtures/processes.ts";
import { watchMemory } from "./memory-watchdog.ts";
import { wasm } from "./wasm.ts";

const HOST = fileURLToPath(new URL("fixtures/host-to-kill.ts", import.meta.url));

const UNSTOPPABLE = `
print("on", flush=True)
while True:
    try:
        while True: pass
    except BaseException: pass`;

/** No instruction of Python in it at which an interrupt could be noticed. */
const ONE_LONG_OPERATION = `
import time
print("on")
time.sleep(0.01)
sum(range(10**13))`;

const WAITING = `
import asyncio
print("on")
await asyncio.sleep(3600)`;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = wasm();
  await (await sandbox.open()).close();
}, 90_000);

afterAll(async () => {
  await sandbox.close();
});

describe("a session's process", () => {
  test("ends with its host when the host is killed, whatever Python does [wasm.ends-with-host]", async () => {
    const host = spawn(process.execPath, [HOST, UNSTOPPABLE, ONE_LONG_OPERATION, WAITING], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const chunk of host.stdout) if (String(chunk).includes("ready")) break;
    const guests = childrenOf(host.pid ?? 0);
    expect(guests).toHaveLength(3);
    expect(guests.every(isRunning)).toBe(true);
    host.kill("SIGKILL");
    await whenGone(guests);
  });

  test("has gone when close() resolves, whatever Python does", async () => {
    const before = childrenOf(process.pid);
    const cells = [UNSTOPPABLE, ONE_LONG_OPERATION, WAITING];
    const sessions = await Promise.all(cells.map(async () => driveSession(await sandbox.open())));
    await Promise.all(sessions.map(async (driven, index) => driven.runUntil(cells[index] ?? "", "on")));
    const guests = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    expect(guests).toHaveLength(3);
    await Promise.all(sessions.map(({ session }) => session.close()));
    expect(guests.filter(isRunning)).toEqual([]);
    for (const { ended, session } of sessions) {
      expect(await ended).toBeUndefined();
      await session.close();
      session.interrupt();
      void session.send([{ type: "exit" }]);
    }
  });

  test("that is killed makes the frames throw sandbox-ended, with the signal", async () => {
    const before = childrenOf(process.pid);
    const driven = driveSession(await sandbox.open());
    const guest = childrenOf(process.pid).find((pid) => !before.includes(pid)) ?? 0;
    process.kill(guest, "SIGKILL");
    const error = await driven.ended;
    expect(isToolscriptError(error, "sandbox-ended")).toBe(true);
    expect(error?.message).toContain('signal "SIGKILL"');
    await driven.session.close();
  });

  test("that ends itself makes the frames throw sandbox-ended and disturbs no other", async () => {
    const [leaving, staying] = [driveSession(await sandbox.open()), driveSession(await sandbox.open())];
    await expect(leaving.run("import os\nos._exit(3)")).rejects.toThrow(/its process ended/);
    expect(isToolscriptError(await leaving.ended, "sandbox-ended")).toBe(true);
    expect((await staying.run("print('here')")).output).toBe("here\n");
    await Promise.all([leaving.session.close(), staying.session.close()]);
  });
});

describe("open()", () => {
  test("gives up with sandbox-timeout when the runner is not ready in time", async () => {
    await using stack = new AsyncDisposableStack();
    const hurried = stack.adopt(wasm({ readyTimeoutMs: 1 }), (each) => each.close());
    const before = childrenOf(process.pid);
    await expect(hurried.open()).rejects.toSatisfy((error) => isToolscriptError(error, "sandbox-timeout"));
    expect(childrenOf(process.pid)).toEqual(before);
  });

  test("gives up with aborted, before and during the start", async () => {
    const before = childrenOf(process.pid);
    const isAborted = (error: unknown): boolean => isToolscriptError(error, "aborted");
    await expect(sandbox.open({ signal: AbortSignal.abort() })).rejects.toSatisfy(isAborted);
    const controller = new AbortController();
    const opening = sandbox.open({ signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(opening).rejects.toSatisfy(isAborted);
    await whenGone(childrenOf(process.pid).filter((pid) => !before.includes(pid)));
  });

  test("says what is missing and the command that mends it", async () => {
    const missing = [wasm({ denoPath: "/nowhere/deno" }), wasm({ pyodideDir: "/nowhere/pyodide" })];
    for (const each of missing) {
      const error: unknown = await each.open().catch((reason: unknown) => reason);
      expect(isToolscriptError(error, "sandbox-unavailable")).toBe(true);
      expect(String(error)).toMatch(/nowhere.*npm install deno pyodide/);
    }
  });

  test("says how a program that is not Deno ended", async () => {
    const error: unknown = await wasm({ denoPath: process.execPath })
      .open()
      .catch((reason: unknown) => reason);
    expect(isToolscriptError(error, "sandbox-unavailable")).toBe(true);
    expect(String(error)).toMatch(/ended with exit code "\d+" and said "/);
  });
});

test.runIf(process.platform === "linux")(
  "watchMemory() reports once when a process uses more than allowed",
  async () => {
    const used = await new Promise<number>((resolve) => {
      watchMemory(process.pid, 1, resolve);
      setTimeout(() => {}, 5000).unref();
    });
    expect(used).toBeGreaterThan(10);
  },
);
