/**
 * Attempts by JavaScript that Deno forbids nothing, behind the kernel's wall alone: what holds when Deno's own wall has a
 * hole. The control of each is the same without the wall.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProbeClass } from "../probe.ts";
import type { ScriptRun } from "../script-run.ts";
import type { WasmLab } from "./lab.ts";

/** One attempt as data. */
export interface KernelRow {
  readonly name: string;
  readonly class: ProbeClass;
  /** Runs before the wall is raised: what a script that came late would find prepared. */
  readonly before?: string;
  readonly script: string;
  /** @default what the script says of itself */
  readonly judge?: (run: ScriptRun, lab: WasmLab) => boolean;
  readonly steals?: true;
  readonly mayEnd?: true;
  /** The control cannot be shown where the machine lacks what the attempt goes for. */
  readonly needs?: string;
}

const appeared: KernelRow["judge"] = ({ nonce }, { folder }) => existsSync(join(folder, nonce));

/** Native functions, opened in time. */
const LIBC = `
const libcPath = Deno.readTextFileSync("/proc/self/maps").match(/\\/\\S*\\/(?:libc\\.so\\.6|libc-\\S+\\.so|ld-musl\\S+)/)[0];
const { symbols: libc } = Deno.dlopen(libcPath, {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  fork: { parameters: [], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  ptrace: { parameters: ["i64", "i32", "i64", "i64"], result: "i64" },
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "i64" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  dlopen: { parameters: ["buffer", "i32"], result: "u64", optional: true },
});
const text = (value) => new TextEncoder().encode(value + "\\0");
const answer = (value) => { if (value < 0) throw new Error("the kernel says no"); return value; };`;

/** A text becomes code in one of these ways; what that code does is for the wall to stop. */
const READ = "Deno.readTextFileSync(file)";

const asCode = (name: string, turn: string, before = ""): KernelRow => ({
  name: `read a file by text that became code: ${name}`,
  class: "filesystem",
  before,
  script: `const file = LAB.file; await tried(async () => { ${turn} });`,
  steals: true,
});

/** The rows. */
export const kernelRows: readonly KernelRow[] = [
  {
    name: "read a file, with Deno's permission",
    class: "filesystem",
    script: "await tried(() => Deno.readTextFileSync(LAB.file));",
    steals: true,
  },
  {
    name: "write a file, with Deno's permission",
    class: "filesystem",
    script: "await tried(() => Deno.writeTextFileSync(`${LAB.folder}/${NONCE}`, 'x'));",
    judge: appeared,
  },
  asCode(
    "a data: import",
    `return (await import("data:text/javascript,export default (file) => ${READ}")).default(file);`,
  ),
  asCode(
    "a blob: import",
    `const url = URL.createObjectURL(new Blob(["export default (file) => ${READ}"], { type: "text/javascript" })); return (await import(url)).default(file);`,
  ),
  asCode(
    "node:vm",
    `return vm.runInThisContext("(file) => ${READ}")(file);`,
    'const vm = await import("node:vm");',
  ),
  asCode(
    "a module of Node.js",
    `const made = new Module("/x.js"); made._compile("module.exports = (file) => ${READ}", "/x.js"); return made.exports(file);`,
    'const { Module } = await import("node:module");',
  ),
  {
    name: "start a worker from a text",
    class: "processes",
    script: `await tried(() => new Promise((resolve, reject) => {
  const worker = new Worker("data:text/javascript," + encodeURIComponent("postMessage('on another thread')"), { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
}));
Deno.exit(0);`,
    judge: ({ facts }) => facts?.detail === "on another thread",
    mayEnd: true,
  },
  {
    name: "start a thread through Node.js",
    class: "processes",
    script: `const { Worker } = await import("node:worker_threads");
await tried(() => new Promise((resolve, reject) => {
  const worker = new Worker("require('node:worker_threads').parentPort.postMessage('on another thread')", { eval: true });
  worker.on("message", resolve);
  worker.on("error", reject);
}));
Deno.exit(0);`,
    judge: ({ facts }) => facts?.detail === "on another thread",
    mayEnd: true,
  },
  {
    name: "run a program, with Deno's permission",
    class: "processes",
    script: `await tried(() => new Deno.Command("/bin/sh", { args: ["-c", \`echo x > '\${LAB.folder}/\${NONCE}'\`] }).outputSync().code);`,
    judge: appeared,
  },
  {
    name: "make a second process by native code (fork)",
    class: "processes",
    before: LIBC,
    script: `await tried(() => { const id = answer(libc.fork()); if (id === 0) Deno.kill(Deno.pid, "SIGKILL"); return id > 0; });`,
  },
  {
    name: "send a signal to a process of the host, by native code",
    class: "processes",
    before: LIBC,
    script: "await tried(() => answer(libc.kill(LAB.pid, 28)) === 0);",
  },
  {
    name: "send a signal to itself that opens the inspector's port",
    class: "network",
    script: `const listens = () => {
  try { return (parseInt(Deno.readTextFileSync("/proc/self/status").match(/SigCgt:\\s*(\\w+)/)[1].slice(-8), 16) & 0x200) !== 0; }
  catch { return false; } // behind the wall: it surely does after that time
};
await tried(async () => {
  for (let waited = 0; waited < 50 && !listens(); waited += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  Deno.kill(Deno.pid, "SIGUSR1");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
});`,
    // Another probe of this machine may have the port: then it was tried to listen there.
    judge: ({ stderr }) => /Debugger listening on|Failed to start inspector server/.test(stderr),
    mayEnd: true,
  },
  {
    name: "read a file by native code",
    class: "filesystem",
    before: LIBC,
    script: "await tried(() => answer(libc.open(text(LAB.file), 0)));",
  },
  {
    name: "connect to a TCP port, with Deno's permission",
    class: "network",
    script: `await tried(async () => {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: LAB.port });
  await connection.write(new TextEncoder().encode(NONCE));
  await connection.read(new Uint8Array(1000));
});`,
    judge: ({ nonce }, { received }) => received.some((chunk) => chunk.includes(nonce)),
  },
  {
    name: "listen on a port, with Deno's permission",
    class: "network",
    script: `await tried(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close());`,
  },
  {
    name: "open a socket by native code",
    class: "network",
    before: LIBC,
    script: "await tried(() => answer(libc.socket(1, 1, 0)));",
  },
  {
    name: "load a library of the host by native code",
    class: "kernel surface",
    before: LIBC,
    script: `await tried(() => {
  if (libc.dlopen === null) throw new Error("this C library loads none");
  if (libc.dlopen(text("libresolv.so.2"), 2) === 0n) throw new Error("the kernel says no");
});`,
    needs: "a C library that loads others",
  },
  {
    name: "get a graphics adapter (WebGPU)",
    class: "devices",
    script: `await tried(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("there is none");
  return adapter.info.description || "an adapter";
});
Deno.exit(0);`,
    mayEnd: true,
    needs: "a driver of graphics",
  },
  {
    name: "open a device, with Deno's permission",
    class: "devices",
    script: "await tried(() => Deno.openSync('/dev/zero').readSync(new Uint8Array(4)));",
  },
  {
    name: "trace a process of the host by native code",
    class: "privileges",
    before: LIBC,
    script: "await tried(() => answer(libc.ptrace(16n, LAB.pid, 0n, 0n)) === 0n);",
    needs: "the right to trace a process of the same user",
  },
  {
    name: "raise a limit that was set, by native code",
    class: "privileges",
    before: LIBC,
    script:
      "await tried(() => answer(libc.setrlimit(2, new Uint8Array(new BigUint64Array([2n ** 40n, 2n ** 40n]).buffer))) === 0);",
  },
  {
    name: "map memory that is shared, which no limit counts",
    class: "memory",
    before: LIBC,
    script: "await tried(() => answer(libc.mmap(0n, 4096n, 3, 0x21, -1, 0n)) > 0n);",
  },
  {
    name: "make a file of memory",
    class: "memory",
    before: LIBC,
    script: "await tried(() => answer(libc.memfd_create(text('x'), 0)));",
  },
  {
    name: "hold more memory than allowed in buffers",
    class: "memory",
    script: `const kept = [];
await tried(() => {
  for (let index = 0; index < 70; index += 1) kept.push(new Uint8Array(2 ** 24).fill(1));
  return kept.length * 16 + " MiB held";
});`,
    mayEnd: true,
  },
];
