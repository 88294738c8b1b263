/** What a script finds that has taken over the WASM sandbox's interpreter, and Deno with it: the kernel's wall. */
import { spawn } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, whenGone } from "../../src/sandbox/wasm/fixtures/processes.ts";
import { type DrivenSession, driveSession } from "../../src/sandbox/wasm/fixtures/drive-session.ts";
import { runFilter } from "../../src/sandbox/wasm/fixtures/run-filter.ts";
import { callFilter } from "../../src/sandbox/wasm/wall/call-filter.ts";
import { AUDIT_ARCH } from "../../src/sandbox/wasm/wall/system-calls.ts";
import { allowAll, runInDeno } from "../../tools/probe/wasm/deno-run.ts";
import { REACH_JAVASCRIPT } from "../../tools/probe/wasm/reach-javascript.ts";
import { wasm, type WasmSandbox } from "../../src/sandbox/wasm/wasm.ts";

const HOST = fileURLToPath(new URL("../../src/sandbox/wasm/fixtures/host-to-kill.ts", import.meta.url));

/** What plain Python must not get hold of, once it has found the global object. */
const PLATFORM =
  "Deno Worker SharedWorker navigator GPU GPUDevice process Buffer require fetch WebSocket EventSource Request Blob File " +
  "URLSearchParams MessageChannel BroadcastChannel EventTarget localStorage sessionStorage caches prompt alert global self " +
  "window structuredClone reportError Window Navigator Event";

describe.skipIf(process.platform !== "linux")(
  "plain Python that has found the global object of JavaScript",
  () => {
    let sandbox: WasmSandbox;
    let driven: DrivenSession;
    let pid: number;

    beforeAll(async () => {
      sandbox = wasm();
      driven = driveSession(await sandbox.open());
      pid = childrenOf(process.pid).at(-1) ?? 0;
    }, 120_000);

    afterAll(async () => {
      await sandbox.close();
    });

    test("finds the language there and nothing of the platform", async () => {
      const code = `${REACH_JAVASCRIPT}
print([name for name in "${PLATFORM}".split() if hasattr(js, name)], hasattr(js, "WebAssembly"), hasattr(js, "Math"))`;
      expect((await driven.run(code)).output).toBe("[] True True\n");
    });

    test("has no thread started and no graphics library mapped, whatever it tries [wasm.no-threads]", async () => {
      const before = await mappedFiles(pid);
      const threads = (await readdir(`/proc/${pid}/task`)).length;
      const code = `${REACH_JAVASCRIPT}
tried = 0
for action in (
    lambda: js.Worker.new("data:text/javascript,postMessage(1)"),
    lambda: js.navigator.gpu.requestAdapter(),
    lambda: js.Object.constructor("return new Worker('data:text/javascript,1')")(),
    lambda: js.eval("navigator.gpu.requestAdapter()"),
):
    try:
        print("DONE", action())
    except Exception as error:
        tried += 1
print(tried)`;
      expect((await driven.run(code)).output).toBe("4\n");
      expect(await mappedFiles(pid)).toEqual(before);
      expect((await readdir(`/proc/${pid}/task`)).length).toBeLessThanOrEqual(threads);
    });

    test("loses its interpreter when that is to start a worker", async () => {
      const doomed = driveSession(await sandbox.open());
      const code = "import ctypes\nctypes.CDLL(None).emscripten_create_worker(b'data:text/javascript,1')";
      await expect(doomed.run(code)).rejects.toThrow(/Worker is not defined/);
    });

    test("holds no descriptor of a file of the host", async () => {
      for (const target of await openFiles(pid)) {
        expect(target).toMatch(/^(?:socket|pipe|anon_inode):|^\/dev\/(?:null|urandom)$/);
      }
      expect(await readlink(`/proc/${pid}/fd/1`)).toBe("/dev/null");
    });

    test("holds none that the host was started with and never looked at", { timeout: 60_000 }, async () => {
      const command = `exec "$0" "$@" 200</etc/passwd`;
      const args = [process.execPath, HOST, 'import time\nprint("on")\ntime.sleep(60)'];
      const host = spawn("/bin/sh", ["-c", command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      for await (const chunk of host.stdout) if (String(chunk).includes("ready")) break;
      const [guest = 0] = childrenOf(host.pid ?? 0);
      expect(await openFiles(host.pid ?? 0)).toContain("/etc/passwd");
      expect(await openFiles(guest)).not.toContain("/etc/passwd");
      host.kill("SIGKILL");
      await whenGone([guest]);
    });
  },
);

async function openFiles(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const closed = (): string => "socket:[closed meanwhile]";
  return await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(closed)));
}

async function mappedFiles(pid: number): Promise<string[]> {
  const lines = (await readFile(`/proc/${pid}/maps`, "utf8")).split("\n");
  return [...new Set(lines.flatMap((line) => /\s(\/\S+)/.exec(line)?.[1] ?? []))].toSorted();
}

const CALLS = 600;

/** `EPERM`, and `ENOSYS` for what the C library does without. */
const REFUSALS: ReadonlySet<number> = new Set([0x00050001, 0x00050026]);

/** Every system call that the kernel may know, by number and without an argument that means anything. */
const ALL_CALLS = `
const allowed = new Set(LAB.allowed.split(" ").map(Number)), wrong = [];
// Two calls for probes of the kernel's own (x86_64), which no filter sees; they end whoever makes them.
if (Deno.build.arch === "x86_64") allowed.add(335).add(336);
for (let number = 0; number < ${CALLS}; number += 1) {
  if (allowed.has(number)) continue;
  const result = libc.syscall(BigInt(number), 0n, 0n, 0n);
  libc.memcpy(word, libc.__errno_location(), 4n);
  const errno = new Int32Array(word.buffer)[0];
  if (result !== -1n || !(errno === 1 || errno === 38)) wrong.push(number + ":" + result + ":" + errno);
}
did(wrong.length === 0, wrong.join(" ") || "all others refused");`;

const NATIVE = `
const { symbols: libc } = Deno.dlopen(Deno.readTextFileSync("/proc/self/maps").match(/\\/\\S*\\/libc\\.so\\.6/)[0], {
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
  __errno_location: { parameters: [], result: "u64" },
  memcpy: { parameters: ["buffer", "u64", "usize"], result: "void" },
});
const word = new Uint8Array(4);`;

describe.skipIf(process.platform !== "linux")("native code behind the kernel's wall", () => {
  test(
    "is refused every system call but the few that a guest needs [wasm.kernel-wall]",
    { timeout: 60_000 },
    async () => {
      const lab = { allowed: allowedNumbers().join(" ") };
      const run = await runInDeno(ALL_CALLS, {
        lab,
        secret: "",
        loosen: allowAll,
        before: NATIVE,
        kernelWall: true,
      });
      expect(run.facts).toEqual({ ok: true, detail: "all others refused" });
    },
  );
});

/** Calls that the filter does not refuse when all their arguments are 0. */
function allowedNumbers(): number[] {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const { program } = callFilter(machine);
  const numbers = Array.from({ length: CALLS }, (_, number) => number);
  return numbers.filter((number) => !REFUSALS.has(runFilter(program, { number, arch: AUDIT_ARCH[machine] })));
}
