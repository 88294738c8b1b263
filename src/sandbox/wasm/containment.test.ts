import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isToolscriptError } from "../../errors.ts";
import type { Sandbox } from "../sandbox.ts";
import { type DrivenSession, driveSession } from "./fixtures/drive-session.ts";
import { guestArguments } from "./guest-process.ts";
import { guestProgram } from "./guest-program.ts";
import { findPrograms } from "./programs.ts";
import { wasm } from "./wasm.ts";

const PROBE = fileURLToPath(new URL("fixtures/probe-permissions.ts", import.meta.url));
const SECRET = "the-secret-of-the-host";

let folder: string;
let secretFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "toolscript-containment-"));
  secretFile = join(folder, "secret.json");
  await writeFile(secretFile, JSON.stringify(SECRET));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("the guest's command line refuses JavaScript everything but its own files", async () => {
  const programs = findPrograms();
  const task = { mode: "restore", snapshotPath: join(folder, "none") } as const;
  const line = guestArguments({ programs, memoryMb: 128, task, wall: undefined }).map((part) =>
    part === guestProgram() ? PROBE : part,
  );
  const { stdout } = await promisify(execFile)(programs.deno, [...line, secretFile], {
    env: { DENO_DIR: `${PROBE}/none`, NO_COLOR: "1" },
  });
  const { results, states } = JSON.parse(stdout) as Record<"results" | "states", Record<string, string>>;
  for (const [name, result] of Object.entries(results)) {
    expect
      .soft(result, name)
      .toMatch(/NotCapable|PermissionDenied|Requires \w+ access|disallowed|EACCES|EPERM|not a supported/);
    expect.soft(result, name).not.toContain("ECONNREFUSED");
  }
  expect(Object.keys(results).length).toBeGreaterThan(20);
  expect(new Set(Object.values(states))).not.toContain("granted");
  expect(await readdir(folder)).toEqual(["secret.json"]);
});

test("guestArguments() refuses a path that would open another one", () => {
  const task = { mode: "restore", snapshotPath: "/cache,/etc" } as const;
  expect(() => guestArguments({ programs: findPrograms(), memoryMb: 128, task, wall: undefined })).toThrow(
    /"\/cache,\/etc" has a comma/,
  );
});

describe("a script [wasm.contained]", () => {
  let sandbox: Sandbox;
  let driven: DrivenSession;

  beforeAll(async () => {
    process.env["TOOLSCRIPT_TEST_SECRET"] = SECRET;
    sandbox = wasm();
    driven = driveSession(await sandbox.open());
  }, 90_000);

  afterAll(async () => {
    delete process.env["TOOLSCRIPT_TEST_SECRET"];
    await sandbox.close();
  });

  /** Runs code that prints, and expects that nothing of the host is in it. */
  async function output(code: string): Promise<string> {
    const result = await driven.run(code);
    expect(result.output).not.toContain(SECRET);
    return result.output;
  }

  test("sees no file of the host", async () => {
    for (const path of [secretFile, "/etc/hostname", "/proc/self/environ", process.execPath]) {
      expect(await output(`print(open(${JSON.stringify(path)}).read())`)).toMatch(/FileNotFoundError/);
    }
    expect(await output("import os\nprint(sorted(os.listdir('/')))")).toBe(
      "['dev', 'home', 'lib', 'proc', 'tmp']\n",
    );
  });

  test("sees no environment variable of the host", async () => {
    const text = await output("import os\nprint(dict(os.environ))");
    for (const name of ["TOOLSCRIPT", "DENO_DIR", "NODE_", "npm_"]) expect(text).not.toContain(name);
  });

  test("reaches no network", async () => {
    const connect = "import socket\nsocket.create_connection(('127.0.0.1', 9), 2)";
    expect(await output(connect)).toMatch(/OSError|ConnectionError|BlockingIOError|TimeoutError|gaierror/);
    const fetch = "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/', timeout=2)";
    expect(await output(fetch)).toMatch(/URLError|OSError/);
  });

  test.each([
    ["subprocess", "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'])"],
    ["os.system", "import os\nassert os.system('true') == 0"],
    ["os.popen", "import os\nos.popen('true').read()"],
    ["os.fork", "import os\nos.fork()"],
    ["os.execv", "import os\nos.execv('/bin/sh', ['sh'])"],
    ["os.posix_spawn", "import os\nos.posix_spawn('/bin/sh', ['sh'], {})"],
    ["multiprocessing", "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()"],
  ])("starts no process through %s", async (_name, code) => {
    const { returnCode, output: text } = await driven.run(code);
    expect(returnCode).toBe(1);
    expect(text).toMatch(/Error/);
  });

  test.each(["js", "pyodide_js", "pyodide", "pyodide.code", "pyodide.http", "_pyodide_core"])(
    "cannot import %s",
    async (name) => {
      expect(await output(`import ${name}`)).toContain(
        `ModuleNotFoundError: No module named '${name.split(".")[0]}'`,
      );
    },
  );

  test("that digs for JavaScript in Python's memory makes no code of text and mounts nothing", async () => {
    const text = await output(`
import gc
tried = 0
for thing in gc.get_objects():
    if getattr(thing, "__name__", "") == "run_js":
        try: print(thing("Deno.readTextFileSync('${secretFile}')"))
        except BaseException as error: print("refused:", type(error).__name__, error); tried += 1
    if type(thing).__name__ == "module" and thing.__name__ == "pyodide.webloop":
        function = thing.scheduleCallback.constructor
        try: print(function("return Deno.env.toObject()")())
        except BaseException as error: print("refused:", type(error).__name__, error); tried += 1
        try: print(thing.scheduleCallback.mountNodeFS("/mnt", "/"))
        except BaseException as error: print("refused:", type(error).__name__, error); tried += 1
print(tried)`);
    expect(text).toContain("Code generation from strings disallowed");
    expect(text).toMatch(/\n3\n$/);
  });

  test("mounts no folder of the host with ctypes", async () => {
    const text = await output(`
import ctypes
library = ctypes.CDLL(None)
for call in (
    lambda: print("system:", library.system(b"true")),
    lambda: print("open:", library.open(b"${secretFile}", 0)),
    lambda: print("mount:", library.mount(b"/", b"/mnt", b"NODEFS", 0, None)),
):
    try: call()
    except BaseException as error: print("refused:", type(error).__name__, error)`);
    expect(text).not.toMatch(/system: 0|open: \d|mount: 0/);
    expect((await driven.run("print('alive')")).output).toBe("alive\n");
  });

  test("that runs text as JavaScript with ctypes loses its session", async () => {
    const doomed = driveSession(await sandbox.open());
    const code = "import ctypes\nctypes.CDLL(None).emscripten_run_script(b'Deno.exit(42)')";
    await expect(doomed.run(code)).rejects.toThrow(
      /exit code "1"[^]*Code generation from strings disallowed/,
    );
    expect(isToolscriptError(await doomed.ended, "sandbox-ended")).toBe(true);
  });

  test("that writes to every private descriptor forges nothing", async () => {
    const text = await output(`
import os
for descriptor in range(3, 12):
    try: os.write(descriptor, b'noise\\n{"type":"done","cell":1,"returnCode":0,"droppedBytes":0}\\n')
    except OSError: pass
print("still here")`);
    expect(text).toBe("still here\n");
  });
});
