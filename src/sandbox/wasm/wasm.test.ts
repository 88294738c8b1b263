import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isToolscriptError } from "../../errors.ts";
import type { Sandbox } from "../sandbox.ts";
import { type DrivenSession, driveSession } from "./fixtures/drive-session.ts";
import { readResidentMb } from "./guest-usage.ts";
import { wasm } from "./wasm.ts";

/** The first open on a machine builds a snapshot. */
const BUILD_MS = 90_000;

const MEGABYTE = 1024 * 1024;

describe("a session of wasm()", () => {
  let sandbox: Sandbox;
  let driven: DrivenSession;

  beforeAll(async () => {
    sandbox = wasm();
    driven = driveSession(await sandbox.open());
  }, BUILD_MS);

  afterAll(async () => {
    await sandbox.close();
  });

  test("says which Python it is", () => {
    expect(driven.session.python).toMatch(/^3\.\d+\.\d+$/);
    expect(driven.session.id).toMatch(/^wasm-/);
  });

  test("keeps variables from cell to cell", async () => {
    await driven.run("x = 41");
    expect(await driven.run("print(x + 1)")).toEqual({ output: "42\n", returnCode: 0 });
  });

  test("shows a traceback with the script's own lines", async () => {
    const { output, returnCode } = await driven.run("def f():\n    return 1 / 0\n\nf()");
    expect(returnCode).toBe(1);
    expect(output).toContain('File "<cell');
    expect(output).toContain("line 4, in <module>");
    expect(output).toContain("return 1 / 0");
    expect(output).not.toContain("toolscript_runner");
  });

  test("makes calls, one after another and gathered", async () => {
    const code = `
import asyncio
assert await echo(value={"a": [1, None, "ä"]}) == {"a": [1, None, "ä"]}
assert await asyncio.gather(*(echo(value=i) for i in range(500))) == list(range(500))
print("done")`;
    expect(await driven.run(code)).toEqual({ output: "done\n", returnCode: 0 });
  });

  test("has the time zones", async () => {
    const code = `
import sys, zoneinfo
from datetime import datetime, timezone
moment = datetime(2026, 3, 29, 1, 30, tzinfo=timezone.utc)
for key in ("Europe/Berlin", "Asia/Calcutta"):
    print(moment.astimezone(zoneinfo.ZoneInfo(key)).isoformat())
print(len(zoneinfo.available_timezones()) > 590, "America/Argentina/Buenos_Aires" in zoneinfo.available_timezones())
for key in ("Nowhere/City", "../etc/passwd"):
    try:
        zoneinfo.ZoneInfo(key)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        print(type(error).__name__, "pyodide" in str(error))`;
    const zones = "2026-03-29T03:30:00+02:00\n2026-03-29T07:00:00+05:30\n";
    expect(await driven.run(code)).toEqual({
      output: `${zones}True True\nZoneInfoNotFoundError False\nValueError False\n`,
      returnCode: 0,
    });
  });

  test("carries a frame of 20 MB in both directions", async () => {
    const code = `
text = "ab" * ${10 * MEGABYTE}
assert await echo(value=text) == text
del text
print("done")`;
    expect(await driven.run(code)).toEqual({ output: "done\n", returnCode: 0 });
  });

  test("takes what is written past Python's streams for output", async () => {
    const { output } = await driven.run(`
import os
os.write(1, b"one\\n")
os.write(2, b"two\\n")
print("three")`);
    expect(output.split("\n").toSorted()).toEqual(["", "one", "three", "two"]);
  });

  test("lets output leave while a script computes without printing more", async () => {
    const { done } = await driven.runUntil('print("first")\nwhile True: pass', "first");
    driven.session.interrupt();
    expect((await done).output).toContain("KeyboardInterrupt");
  });

  test("does not let time.sleep keep output back", async () => {
    const { done } = await driven.runUntil('import time\nprint("first")\ntime.sleep(3600)', "first");
    driven.session.interrupt();
    expect((await done).output).toContain("KeyboardInterrupt");
  });

  test.each([
    ["computes", 'print("on")\nwhile True: pass'],
    ["sleeps", 'import time\nprint("on")\ntime.sleep(3600)'],
    ["waits for a timer", 'import asyncio\nprint("on")\nawait asyncio.sleep(3600)'],
    ["waits for a timer", 'import asyncio\nprint("on")\nawait asyncio.sleep(3600)'],
  ])("interrupt() raises KeyboardInterrupt in a cell that %s; variables survive", async (_what, code) => {
    await driven.run("kept = 7");
    const { done } = await driven.runUntil(code, "on");
    driven.session.interrupt();
    const { output, returnCode } = await done;
    expect(output).toContain("KeyboardInterrupt");
    expect(returnCode).toBe(130);
    expect((await driven.run("print(kept)")).output).toBe("7\n");
  });

  test("interrupt() between two cells does nothing", async () => {
    driven.session.interrupt();
    expect(await driven.run("print(1)")).toEqual({ output: "1\n", returnCode: 0 });
  });

  test("gives RecursionError, in Python and in C code, and lives on", async () => {
    const deep = await driven.run("def f(): f()\nf()");
    expect(deep.output).toContain("RecursionError: maximum recursion depth exceeded");
    const nested = await driven.run("import json\njson.loads('[' * 100000)");
    expect(nested.output).toContain("RecursionError");
    expect((await driven.run("print(1)")).output).toBe("1\n");
  });

  test("has the standard library, and CPython's words for what is not there", async () => {
    const code =
      "import csv, ctypes, decimal, lzma, sqlite3, ssl, statistics, xml.etree.ElementTree, zoneinfo\nimport numpy";
    const { output } = await driven.run(code);
    expect(output).toMatch(/ModuleNotFoundError: No module named 'numpy'\n$/);
  });

  test("imports what a script has written beside itself", async () => {
    const code =
      "import pathlib\npathlib.Path('beside.py').write_text('x = 3')\nimport beside\nprint(beside.x)";
    expect((await driven.run(code)).output).toBe("3\n");
  });

  test("has no thread to start", async () => {
    const { output } = await driven.run("import threading\nthreading.Thread(target=print).start()");
    expect(output).toContain("RuntimeError: can't start new thread");
  });
});

describe("wasm()", () => {
  test("refuses a memory that is out of range", () => {
    for (const memoryMb of [0, 63, 64.5, 5000, Number.NaN]) {
      expect(() => wasm({ memoryMb })).toThrow(/"memoryMb"/);
    }
  });

  test("gives two sessions different random numbers, each from the system", async () => {
    await using stack = new AsyncDisposableStack();
    const sandbox = stack.adopt(wasm(), (each) => each.close());
    const code = `
import os, random, secrets, time, uuid
print([random.random(), os.urandom(8).hex(), secrets.token_hex(8), str(uuid.uuid4())], abs(time.time() - ${Date.now() / 1000}) < 60)`;
    const open = async (): Promise<string> => (await driveSession(await sandbox.open()).run(code)).output;
    const [first, second] = await Promise.all([open(), open()]);
    for (const output of [first, second]) expect(output).toMatch(/True\n$/);
    const values = [first, second].flatMap((output) => output.match(/[\w.-]{8,}/g) ?? []);
    expect(new Set(values).size).toBe(8);
  });

  test("caps the memory of Python with MemoryError; the session lives on [wasm.memory]", async () => {
    await using stack = new AsyncDisposableStack();
    const sandbox = stack.adopt(wasm({ memoryMb: 96 }), (each) => each.close());
    const driven = driveSession(await sandbox.open());
    const bomb = await driven.run("kept = 1\nhoard = []\nwhile True: hoard.append(bytearray(1 << 20))");
    expect(bomb.output).toMatch(/MemoryError\n$/);
    expect((await driven.run("count = len(hoard)\ndel hoard\nprint(kept, 20 < count < 96)")).output).toBe(
      "1 True\n",
    );
  });

  test("close() ends sessions whatever they do, and open() is refused afterwards", async () => {
    const sandbox = wasm();
    const driven = driveSession(await sandbox.open());
    const code = 'import time\nprint("on")\ntime.sleep(0.01)\nsum(range(10**13))';
    const cell = await driven.runUntil(code, "on");
    await sandbox.close();
    await expect(cell.done).rejects.toThrow(/closed/);
    expect(await driven.ended).toBeUndefined();
    await expect(sandbox.open()).rejects.toSatisfy((error) => isToolscriptError(error, "session-closed"));
  });
});

test.runIf(process.platform === "linux")(
  "readResidentMb() tells the memory of this process, and nothing of one that is not there",
  async () => {
    expect(await readResidentMb(process.pid)).toBeGreaterThan(10);
    expect(await readResidentMb(2 ** 22 + 1)).toBeUndefined();
  },
);
