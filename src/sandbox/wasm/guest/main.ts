/**
 * The program that Deno runs: Python on this thread, the reading of standard input on another.
 *
 * Arguments: the `file:` URL of Pyodide's folder, the kilobytes of stack that Python may use, the order for the kernel's
 * wall as JSON or nothing, then one of
 *
 * - `restore PATH`: a session that goes on from the snapshot file PATH;
 * - `cold BYTES`: a session without a snapshot; the first BYTES of standard input are the boot message;
 * - `build BYTES`: writes a snapshot to standard output and ends; boot message as above.
 *
 * A session reads frames from standard input and writes frames to standard error. It ends when standard input does,
 * whatever Python is doing.
 */
import { bootPyodide, type Interpreter, loadInterpreter } from "./boot.ts";
import { prepareToCloseUp } from "./close-up.ts";
import { deno, GuestWorker, type Pyodide } from "./deno.ts";
import { addHostDevices, addStrayOutputDevice } from "./devices.ts";
import { createMailbox, type MailboxReader, openMailboxReader } from "./mailbox.ts";
import { openSnapshot } from "./snapshot.ts";

/** Signals that Python sees: an interrupt, and the tick that lets output leave while a script computes. */
const SIGINT = 2;
const SIGURG = 23;

const TICK_EVERY_MS = 50;

const RUNNER_FOLDER = "/lib/toolscript";

const [pyodideUrl = "", pythonStackKb = "", wallOrder = "", mode = "", detail = ""] = deno.args;
const closeUp = prepareToCloseUp(wallOrder);
if (mode === "build") await buildSnapshot();
else await runSession();

async function buildSnapshot(): Promise<never> {
  const message = readExactly(Number(detail), (target) => deno.stdin.readSync(target) ?? 0);
  const interpreter = await loadInterpreter(pyodideUrl);
  closeUp();
  const pyodide = await bootPyodide({ interpreter, forSnapshot: true, files: runnerFiles(message) });
  prepare(pyodide);
  writeAll(deno.stdout, pyodide.makeMemorySnapshot());
  deno.exit(0);
}

async function runSession(): Promise<never> {
  const [interpreter, mailbox] = await Promise.all([loadInterpreter(pyodideUrl), openMailbox()]);
  const snapshot = mode === "restore" ? openSnapshot(detail) : undefined;
  closeUp();
  const pyodide =
    snapshot === undefined
      ? await bootCold(interpreter, mailbox)
      : await bootPyodide({ interpreter, snapshot });
  addStrayOutputDevice(pyodide);
  const write = (bytes: Uint8Array): number => deno.stderr.writeSync(bytes);
  addHostDevices(pyodide.FS, { mailbox, write, exit: (code) => deno.exit(code) });
  pyodide.setStdin({ read: () => 0 });
  limitStack(pyodide, Number(pythonStackKb) * 1024);
  pyodide.setInterruptBuffer(createSignalBuffer(mailbox));
  pyodide.runPython("import toolscript_runner.wasm; toolscript_runner.wasm.serve()");
  deno.exit(0);
}

async function openMailbox(): Promise<MailboxReader> {
  const memory = createMailbox();
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const worker = new GuestWorker(new URL(`stdin-pump${extension}`, import.meta.url), { type: "module" });
  const started = Promise.withResolvers<unknown>();
  worker.onmessage = started.resolve;
  worker.postMessage(memory);
  await started.promise;
  return openMailboxReader(memory);
}

async function bootCold(interpreter: Interpreter, mailbox: MailboxReader): Promise<Pyodide> {
  const message = readExactly(Number(detail), (target) => {
    const outcome = mailbox.read(target, Infinity);
    return typeof outcome === "number" ? outcome : 0;
  });
  const pyodide = await bootPyodide({ interpreter, files: runnerFiles(message) });
  prepare(pyodide);
  return pyodide;
}

/** The boot message is one JSON object: the runner's files by path. */
function runnerFiles(message: Uint8Array): Map<string, string> {
  const files = JSON.parse(new TextDecoder().decode(message)) as Record<string, string>;
  return new Map(Object.entries(files).map(([path, text]) => [`${RUNNER_FOLDER}/${path}`, text]));
}

function prepare(pyodide: Pyodide): void {
  pyodide.runPython(`import sys; sys.path.insert(0, "${RUNNER_FOLDER}")`);
  pyodide.runPython("import toolscript_runner.wasm; toolscript_runner.wasm.prepare()");
}

/**
 * What Python's interpreter looks at every few instructions to learn of signals. Looking also notices the end of
 * standard input, so that a script which never ends, or catches every interrupt, does not outlive the host.
 */
function createSignalBuffer(mailbox: MailboxReader): object {
  let nextTick = 0;
  return {
    get 0(): number {
      if (mailbox.hasEnded()) deno.exit(0);
      if (mailbox.takeInterrupt()) return SIGINT;
      const now = performance.now();
      if (now < nextTick) return 0;
      nextTick = now + TICK_EVERY_MS;
      return SIGURG;
    },
    set 0(_value: number) {},
  };
}

/**
 * Python measures its own stack, which lies in its memory and has room for more than V8's stack allows. Told of less, it
 * raises `RecursionError` before V8 gives up on the whole interpreter.
 */
function limitStack({ _module: module }: Pyodide, bytes: number): void {
  const start = module._emscripten_stack_get_base() - bytes;
  module._PyUnstable_ThreadState_SetStackProtection(module._PyThreadState_Get(), start, bytes);
}

function readExactly(count: number, read: (target: Uint8Array) => number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count;) {
    const more = read(bytes.subarray(done));
    if (more === 0) deno.exit(1);
    done += more;
  }
  return bytes;
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}
