import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  TEST_IMAGE,
  createCellReader,
  listContainersOf,
  probeDocker,
  runCell,
  sendCell,
  testEngine,
} from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import type { SandboxSession } from "../sandbox.ts";
import { type DockerSandbox, docker } from "./docker.ts";
import { resolveEngineAddress } from "./engine-address.ts";
import { openEngine } from "./engine.ts";

describe.skipIf(await requireOrSkip("docker", probeDocker))("docker()", () => {
  let sandbox: DockerSandbox;
  const opened: SandboxSession[] = [];
  const open = async () => {
    const session = await sandbox.open();
    opened.push(session);
    return session;
  };

  beforeAll(() => {
    sandbox = docker({ image: TEST_IMAGE, closeGraceMs: 1_000 });
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test("open() hands out an interpreter that keeps variables from cell to cell", async () => {
    const session = await open();
    expect(session.python).toMatch(/^3\.\d+\.\d+$/);
    const reader = createCellReader(session);
    sendCell(session, "x = 41", 1);
    await reader.readCell();
    sendCell(session, "print(x + 1)", 2);
    expect(await reader.readCell()).toEqual({ text: "42\n", returnCode: 0 });
  });

  test("open() carries calls and their results", async () => {
    const session = await open();
    const reader = createCellReader(session);
    void session.send([{ type: "tools", tools: [{ name: "double", python: "double", parameters: ["x"] }] }]);
    sendCell(session, "print(await double(x=21))");
    const call = await reader.nextFrame();
    expect(call).toMatchObject({ type: "call", tool: "double", input: { x: 21 } });
    void session.send([{ type: "result", id: 1, value: 42 }]);
    expect((await reader.readCell()).text).toBe("42\n");
  });

  test("frames carries a megabyte in both directions", async () => {
    const session = await open();
    const reader = createCellReader(session);
    void session.send([{ type: "tools", tools: [{ name: "swap", python: "swap", parameters: ["x"] }] }]);
    sendCell(session, "r = await swap(x='ä' * 2**20)\nprint(len(r), r[-1])");
    const call = await reader.nextFrame();
    expect(call.type === "call" && (call.input["x"] as string).length).toBe(2 ** 20);
    void session.send([{ type: "result", id: 1, value: "ö".repeat(2 ** 20) }]);
    expect((await reader.readCell()).text).toBe("1048576 ö\n");
  });

  test("interrupt() ends an endless cell, and its variables survive", async () => {
    const session = await open();
    const reader = createCellReader(session);
    sendCell(session, "kept = 1\nprint('looping')\nwhile True: pass");
    while ((await reader.nextFrame()).type !== "output") continue;
    session.interrupt();
    const cell = await reader.readCell();
    expect(cell.text).toContain("KeyboardInterrupt");
    expect(cell.returnCode).not.toBe(0);
    sendCell(session, "print(kept)", 2);
    expect((await reader.readCell()).text).toContain("1\n");
  });

  test("processor tells what the container really used, whichever process of it did", async () => {
    const alone = docker({ image: TEST_IMAGE, cpus: 0.5 });
    const session = await alone.open();
    const reader = createCellReader(session);
    const before = (await session.processor?.usedMs()) ?? 0;
    const burn = "import time\nwhile time.process_time() < 0.3: pass";
    sendCell(
      session,
      `import subprocess, sys\nsubprocess.run([sys.executable, "-c", ${JSON.stringify(burn)}])`,
    );
    await reader.readCell();
    const after = (await session.processor?.usedMs()) ?? 0;
    sendCell(session, "import time\ntime.sleep(0.5)", 2);
    await reader.readCell();
    const asleep = (await session.processor?.usedMs()) ?? 0;
    await alone.close();
    expect(session.processor?.count).toBe(1);
    expect(before).toBeGreaterThan(0);
    expect(after - before).toBeGreaterThanOrEqual(300);
    expect(asleep - after).toBeLessThan(150);
    expect(await session.processor?.usedMs()).toBeUndefined();
  });

  test("processor is undefined for a container that does not run, or is not there", async () => {
    const engine = openEngine(resolveEngineAddress(), 10_000);
    const container = await testEngine.createContainer({ Image: TEST_IMAGE, Cmd: ["python3"] });
    const usage = [await engine.usage(container.id), await engine.usage("f".repeat(64))];
    await container.remove();
    expect(usage).toEqual([undefined, undefined]);
  });

  test("close() ends `frames` without an error and leaves no container", async () => {
    const session = await open();
    const all = Array.fromAsync(session.frames);
    await Promise.all([session.close(), session.close()]);
    expect(await all).toEqual([]);
    const left = await listContainersOf();
    expect(left).toHaveLength(opened.length - 1);
    void session.send([{ type: "exit" }]);
    session.interrupt();
  });

  test.each([
    ["an endless loop", "while True: pass"],
    [
      "a loop that catches everything",
      "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    ],
    ["a computation that holds the interpreter", "sum(range(10 ** 15))"],
    ["a process that it started", "import subprocess\nsubprocess.Popen(['sleep', '1000'])"],
  ])("close() ends a session in %s", async (_name, code) => {
    const session = await sandbox.open();
    const reader = createCellReader(session);
    sendCell(session, `import asyncio\nprint("begun")\nawait asyncio.sleep(0.001)\n${code}`);
    while ((await reader.nextFrame()).type !== "output") continue;
    const before = (await listContainersOf()).length; // by then its short sleep is over
    await session.close();
    expect(await listContainersOf()).toHaveLength(before - 1);
  });

  test("close() kills at once what did not heed an interrupt", async () => {
    const session = await sandbox.open();
    const reader = createCellReader(session);
    sendCell(session, "import asyncio\nprint(1)\nawait asyncio.sleep(0.001)\nsum(range(10 ** 15))");
    while ((await reader.nextFrame()).type !== "output") continue;
    const before = (await listContainersOf()).length; // by then its short sleep is over
    session.interrupt();
    await session.close();
    expect(await listContainersOf()).toHaveLength(before - 1);
  });

  test("open() gives up when its signal is aborted, and leaves no container", async () => {
    const alone = docker({ image: TEST_IMAGE });
    const before = await listContainersOf();
    const controller = new AbortController();
    const opening = alone.open({ signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    await alone.close();
    expect(await listContainersOf()).toEqual(before);
  });

  test("close() of the sandbox ends every session, and open() is refused from then on", async () => {
    const alone = docker({ image: TEST_IMAGE });
    const session = await alone.open();
    await Promise.all([alone.close(), alone.close()]);
    expect(await Array.fromAsync(session.frames)).toEqual([]);
    await expect(alone.open()).rejects.toMatchObject({ code: "session-closed" });
  });

  test("a script finds a small, closed room", async () => {
    const session = await open();
    const text = await runCell(
      session,
      `
import getpass, os, resource, socket
print(os.getuid() == os.getgid() > 2 ** 30, os.getppid(), getpass.getuser())
print(os.getcwd(), socket.gethostname(), os.environ["HOME"], os.path.expanduser("~"))
print(sorted(os.listdir("/sys/class/net")))
for path in ("/x", "/usr/x", "/home/x"):
    try: open(path, "w")
    except OSError as error: print(error.strerror)
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(status["CapBnd"].strip(), status["CapEff"].strip(), status["NoNewPrivs"].strip(), status["Seccomp"].strip())
print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))
open("/tmp/run", "w").write("#!/bin/sh\\n"); os.chmod("/tmp/run", 0o755)
try: os.execv("/tmp/run", ["run"])
except OSError as error: print(error.strerror)
`,
    );
    expect(text.trim().split("\n")).toEqual([
      "True 1 sandbox",
      "/tmp sandbox /tmp /tmp",
      "['lo']",
      ...Array.from({ length: 3 }, () => "Read-only file system"),
      "0000000000000000 0000000000000000 1 2",
      "(0, 0) (1024, 1024)",
      "Permission denied",
    ]);
  });
});

test.skipIf(await requireOrSkip("docker", probeDocker))("docker() leaves no container behind", async () => {
  expect(await listContainersOf()).toEqual([]);
});
