/**
 * Starts Pyodide without anything that it does not need: no package index, no Node compatibility, no terminal.
 *
 * Pyodide finds its environment by looking at globals. Without `process`, and with `load`, `read` and `readbuffer`, it
 * takes the path of a bare JavaScript shell: the least code, and no bridge to the host's file system in it.
 */
import { deno, type Pyodide, type PyodideModule, type PythonModule, webAssembly } from "./deno.ts";
import type { Snapshot } from "./snapshot.ts";

/** How to start. */
export interface BootOptions {
  /** From {@link loadInterpreter}. */
  readonly interpreter: Interpreter;
  /** Memory of an earlier start to go on from. */
  readonly snapshot?: Snapshot;
  /** Starts so that a snapshot can be made. */
  readonly forSnapshot?: boolean;
  /** Python files to lay down before Python starts: absolute path and text. */
  readonly files?: ReadonlyMap<string, string>;
}

/** Everything of Pyodide that is read from files. */
export interface Interpreter {
  /** Folder of the `pyodide` package as a `file:` URL that ends in a slash. */
  readonly url: string;
  /** Python in WebAssembly. */
  readonly bytes: ArrayBuffer;
  /** The same, compiled: other threads are at it. */
  readonly code: Promise<object>;
  /** The program around it, more than a megabyte of JavaScript. */
  readonly create: CreateModule;
  readonly load: PyodideModule["loadPyodide"];
  /** Python's own modules, a zip file. */
  readonly library: ArrayBuffer;
  readonly lockFile: object;
}

type CreateModule = (settings: object) => Promise<PythonModule>;

const PYTHON_FILE = "pyodide.asm.wasm";
const LIBRARY_FILE = "python_stdlib.zip";

/** Loads the interpreter. When this has resolved, nothing more is read from Pyodide's folder. */
export async function loadInterpreter(url: string): Promise<Interpreter> {
  const globals = globalThis as Record<string, unknown>;
  for (const name of ["process", "Buffer"]) delete globals[name];
  const program = import(`${url}pyodide.asm.mjs`) as Promise<{ readonly default: CreateModule }>;
  program.catch(() => {}); // whoever awaits it will see
  const { buffer: bytes } = await deno.readFile(new URL(PYTHON_FILE, url));
  const code = webAssembly.compile(bytes);
  Object.assign(globals, SHELL);
  const pyodide = (await import(`${url}pyodide.mjs`)) as PyodideModule;
  const { buffer: library } = deno.readFileSync(new URL(LIBRARY_FILE, url));
  const lockFile = readLockFile(url);
  const { default: create } = await program;
  const load: Interpreter["load"] = (settings) => pyodide.loadPyodide(settings);
  return { url, bytes, code, create, load, library, lockFile };
}

/** Python's memory may hold paths to these objects, so that they must be there when it is restored. */
const VISIBLE_GLOBALS = [
  "Object",
  "Array",
  "Error",
  "Promise",
  "Symbol",
  "Uint8Array",
  "AbortController",
  "AbortSignal",
  "setTimeout",
  "clearTimeout",
];

/** Starts Pyodide. */
export async function bootPyodide({
  interpreter,
  snapshot,
  forSnapshot,
  files,
}: BootOptions): Promise<Pyodide> {
  const { url } = interpreter;
  const globals = globalThis as Record<string, unknown>;
  Object.assign(globals, SHELL, { readbuffer: readerOf(interpreter) });
  const restoreInstantiate = useCompiled(interpreter);
  try {
    return await interpreter.load({
      indexURL: url,
      lockFileContents: interpreter.lockFile,
      packageBaseUrl: url,
      jsglobals: visibleGlobals(),
      env: { HOME: "/home/script", LANG: "C.UTF-8", TZ: "UTC" },
      stdout: () => {},
      stderr: () => {},
      fsInit: layDown(files),
      ...(forSnapshot === true ? { _makeSnapshot: true } : {}),
      createPyodideModule: creation(interpreter, snapshot),
      ...(snapshot === undefined ? {} : { _loadSnapshot: snapshot.head }),
    });
  } finally {
    for (const name of Object.keys(SHELL)) delete globals[name];
    restoreInstantiate();
    interpreter.bytes.transfer(0);
  }
}

/** What Pyodide expects of a JavaScript shell. It only looks whether `read` is there. */
const SHELL = {
  load() {},
  read() {},
  readbuffer() {},
  // Emscripten, unlike Pyodide, must take us for a worker: its shell has no source of randomness.
  WorkerGlobalScope: Object,
};

function readerOf({ bytes, library }: Interpreter): (path: string) => ArrayBuffer {
  return (path) => {
    if (path.endsWith(PYTHON_FILE)) return bytes;
    if (path.endsWith(LIBRARY_FILE)) return library;
    throw new Error(`Pyodide wants a file that was not read: "${path}"`);
  };
}

/** Pyodide has bytes instantiated; these have been compiled. Returns a function that undoes this. */
function useCompiled({ bytes, code }: Interpreter): () => void {
  const { instantiate } = webAssembly;
  webAssembly.instantiate = async (source, imports) => {
    if (!(source instanceof Uint8Array && source.buffer === bytes)) return await instantiate(source, imports);
    const module = await code;
    return { module, instance: await instantiate(module, imports) };
  };
  return () => {
    webAssembly.instantiate = instantiate;
  };
}

/**
 * How Pyodide gets its interpreter. A snapshot is read straight into its memory, where Pyodide would copy it from a buffer
 * of the same size: what Pyodide itself restores is the head alone, with an empty memory behind it.
 */
function creation({ create }: Interpreter, snapshot: Snapshot | undefined): CreateModule {
  return async (settings) => {
    const python = await create(settings);
    snapshot?.readMemory(python.HEAPU8);
    return python;
  };
}

/** The lock file without its packages: none can be loaded here, and Pyodide should not advise to try. */
function readLockFile(url: string): object {
  const text = new TextDecoder().decode(deno.readFileSync(new URL("pyodide-lock.json", url)));
  const { info } = JSON.parse(text) as { info: object };
  return { info, packages: {} };
}

function visibleGlobals(): object {
  const globals = globalThis as Record<string, unknown>;
  return Object.fromEntries(VISIBLE_GLOBALS.map((name) => [name, globals[name]]));
}

type FsInit = (fileSystem: Pyodide["FS"]) => Promise<void>;

function layDown(files: ReadonlyMap<string, string> = new Map()): FsInit {
  return async (fileSystem) => {
    for (const [path, text] of files) {
      fileSystem.mkdirTree(path.slice(0, path.lastIndexOf("/")));
      fileSystem.writeFile(path, text);
    }
  };
}
