/**
 * Attempts by JavaScript under the sandbox's command line: what a script could do that had broken out of Python and of
 * WebAssembly.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProbeClass } from "../probe.ts";
import type { ScriptRun } from "../script-run.ts";
import { allowAll } from "./deno-run.ts";
import type { WasmLab } from "./lab.ts";

/** One attempt as data. */
export interface JavaScriptRow {
  readonly name: string;
  readonly class: ProbeClass;
  readonly script: string;
  readonly without: string;
  readonly loosen: (args: readonly string[]) => readonly string[];
  /** @default what the script says of itself */
  readonly judge?: (run: ScriptRun, lab: WasmLab) => boolean;
  readonly steals?: true;
  readonly mayEnd?: true;
}

/** `--deny-net` becomes `--allow-net`. */
const allow =
  (what: string): JavaScriptRow["loosen"] =>
  (args) =>
    args.map((arg) => (arg === `--deny-${what}` ? `--allow-${what}` : arg));

const allowRead: JavaScriptRow["loosen"] = (args) =>
  args.map((arg) => (arg.startsWith("--allow-read") ? "--allow-read" : arg));

const withV8Flags =
  (change: (flags: string) => string): JavaScriptRow["loosen"] =>
  (args) =>
    args.map((arg) => (arg.startsWith("--v8-flags=") ? change(arg) : arg));

const appeared: JavaScriptRow["judge"] = ({ nonce }, { folder }) => existsSync(join(folder, nonce));

/** The rows. */
export const javaScriptRows: readonly JavaScriptRow[] = [
  {
    name: "fetch, from JavaScript",
    class: "network",
    script: "await tried(async () => await (await fetch(`http://127.0.0.1:${LAB.port}/`)).text());",
    steals: true,
    without: "with --allow-net",
    loosen: allow("net"),
  },
  {
    name: "connect to a TCP port, from JavaScript",
    class: "network",
    script: `await tried(async () => {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: LAB.port });
  await connection.write(new TextEncoder().encode(NONCE));
  const bytes = new Uint8Array(1000);
  return new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes)));
});`,
    steals: true,
    without: "with --allow-net",
    loosen: allow("net"),
  },
  {
    name: "listen on a port, from JavaScript",
    class: "network",
    script: `await tried(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close());`,
    without: "with --allow-net",
    loosen: allow("net"),
  },
  {
    name: "open a WebSocket, from JavaScript",
    class: "network",
    script: `await tried(() => new Promise((resolve, reject) => {
  const socket = new WebSocket(\`ws://127.0.0.1:\${LAB.port}/\${NONCE}\`);
  socket.onerror = () => resolve("refused by the other side");
  socket.onopen = resolve;
}));`,
    judge: ({ nonce }, { received }) => received.some((text) => text.includes(nonce)),
    without: "with --allow-net",
    loosen: allow("net"),
  },
  {
    name: "import code from the network",
    class: "network",
    script: `await tried(async () => await import(\`http://127.0.0.1:\${LAB.port}/\${NONCE}.js\`));`,
    judge: ({ nonce }, { received }) => received.some((text) => text.includes(nonce)),
    without: "with --allow-import and code from the network",
    loosen: (args) => allow("import")(args).filter((arg) => !["--no-remote", "--cached-only"].includes(arg)),
  },
  {
    name: "read a file of the host, from JavaScript",
    class: "filesystem",
    script: "await tried(() => Deno.readTextFileSync(LAB.file));",
    steals: true,
    without: "with reading allowed everywhere",
    loosen: allowRead,
  },
  {
    name: "read a file of the host by a path that begins in an allowed folder",
    class: "filesystem",
    script:
      "await tried(() => Deno.readTextFileSync(Deno.args[0].slice(7) + '../../../../../../../../../../..' + LAB.file));",
    steals: true,
    without: "with reading allowed everywhere",
    loosen: allowRead,
  },
  {
    name: "import a file of the host as a module",
    class: "filesystem",
    script: "await tried(async () => (await import(`file://${LAB.folder}/module.mjs`)).found);",
    steals: true,
    without: "with reading allowed everywhere",
    loosen: allowRead,
  },
  {
    name: "write a file on the host, from JavaScript",
    class: "filesystem",
    script: "await tried(() => Deno.writeTextFileSync(`${LAB.folder}/${NONCE}`, 'x'));",
    judge: appeared,
    without: "with --allow-write",
    loosen: allow("write"),
  },
  {
    name: "make a symbolic link on the host",
    class: "filesystem",
    script: "await tried(() => Deno.symlinkSync(LAB.file, `${LAB.folder}/${NONCE}`));",
    judge: ({ nonce }, { folder }) => existsSync(join(folder, nonce)),
    without: "with --allow-write and reading everywhere",
    loosen: (args) => allowRead(allow("write")(args)),
  },
  {
    name: "write through the file system of Node.js",
    class: "filesystem",
    script:
      "await tried(async () => (await import('node:fs')).writeFileSync(`${LAB.folder}/${NONCE}`, 'x'));",
    judge: appeared,
    without: "with --allow-write",
    loosen: allow("write"),
  },
  {
    name: "run a program, from JavaScript",
    class: "processes",
    script: `await tried(() => new Deno.Command("/bin/sh", { args: ["-c", \`echo x > '\${LAB.folder}/\${NONCE}'\`] }).outputSync().code);`,
    judge: appeared,
    without: "with --allow-run",
    loosen: allow("run"),
  },
  {
    name: "run a program through Node.js",
    class: "processes",
    script:
      "await tried(async () => (await import('node:child_process')).execSync(`echo x > '${LAB.folder}/${NONCE}'`).length);",
    judge: appeared,
    without: "with --allow-run, --allow-env and reading everywhere",
    loosen: (args) => allowRead(allow("env")(allow("run")(args))),
  },
  {
    name: "send a signal to a process of the host, from JavaScript",
    class: "processes",
    script: "await tried(() => Deno.kill(LAB.pid, 'SIGWINCH'));",
    without: "with --allow-run",
    loosen: allow("run"),
  },
  {
    name: "read the environment, from JavaScript",
    class: "processes",
    script: "await tried(() => Deno.env.get('TOOLSCRIPT_PROBE_SECRET'));",
    steals: true,
    without: "with --allow-env",
    loosen: allow("env"),
  },
  {
    name: "take more WebAssembly memory than allowed",
    class: "memory",
    script: `await tried(() => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  memory.grow(12000);
  return memory.buffer.byteLength;
});`,
    without: "with 1024 MiB allowed",
    loosen: withV8Flags((flags) => flags.replace(/--wasm-max-mem-pages=\d+/, "--wasm-max-mem-pages=16384")),
  },
  {
    name: "fill the heap of JavaScript",
    class: "memory",
    script: `const kept = [];
for (let index = 0; index < 250; index += 1) kept.push(new Array(131072).fill(index + 0.5));
did(true, kept.length + " MiB held");`,
    mayEnd: true,
    without: "with a heap of 1024 MiB",
    loosen: withV8Flags((flags) => flags.replace(/--max-old-space-size=\d+/, "--max-old-space-size=1024")),
  },
  {
    name: "turn text into code",
    class: "kernel surface",
    script: "await tried(() => new Function('return 6 * 7')());",
    without: "without --disallow-code-generation-from-strings",
    loosen: withV8Flags((flags) => flags.replace(",--disallow-code-generation-from-strings", "")),
  },
  {
    name: "call native code (FFI)",
    class: "kernel surface",
    script: `await tried(() => {
  const libc = Deno.dlopen(Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6", { getpid: { parameters: [], result: "i32" } });
  return libc.symbols.getpid();
});`,
    without: "with --allow-ffi",
    loosen: allow("ffi"),
  },
  {
    name: "learn of the machine, from JavaScript",
    class: "kernel surface",
    script: "await tried(() => Deno.osRelease() + Deno.hostname());",
    without: "with --allow-sys",
    loosen: allow("sys"),
  },
  {
    name: "ask for more permissions",
    class: "privileges",
    script: `await tried(async () => {
  const { state } = await Deno.permissions.request({ name: "net" });
  if (state !== "granted") throw new Error("the answer is " + state);
});`,
    without: "with --allow-net",
    loosen: allow("net"),
  },
  {
    name: "start a worker with more permissions",
    class: "privileges",
    script: `await tried(() => new Promise((resolve, reject) => {
  const code = "postMessage(1)";
  const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module", deno: { permissions: { net: true } } });
  worker.onmessage = resolve;
  worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
}));
Deno.exit(0);`,
    mayEnd: true,
    without: "with --allow-net and workers that choose their permissions",
    loosen: (args) => [
      ...allow("net")(args).slice(0, 1),
      "--unstable-worker-options",
      ...allow("net")(args).slice(1),
    ],
  },
  {
    name: "open a device of the host, from JavaScript",
    class: "devices",
    script: "await tried(() => Deno.openSync('/dev/zero').readSync(new Uint8Array(4)));",
    without: "with everything allowed (Deno guards devices in particular)",
    loosen: allowAll,
  },
  {
    name: "read another process's memory file, from JavaScript",
    class: "other containers",
    script: "await tried(() => Deno.readTextFileSync(`/proc/${LAB.pid}/environ`));",
    steals: true,
    without: "with everything allowed (Deno guards /proc in particular)",
    loosen: allowAll,
  },
];
