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
  /** Folder of the `pyodide` package as a `file:` URL that ends in a slash. */
  readonly pyodideUrl: string;
  /** From {@link loadInterpreter}. */
  readonly interpreter: Interpreter;
  /** Memory of an earlier start to go on from. */
  readonly snapshot?: Snapshot;
  /** Starts so that a snapshot can be made. */
  readonly forSnapshot?: boolean;
  /** Python files to lay down before Python starts: absolute path and text. */
  readonly files?: ReadonlyMap<string, string>;
}

/** Python's interpreter on its way: other threads parse and compile it. */
export interface Interpreter {
  /** Its code in WebAssembly. */
  readonly bytes: ArrayBuffer;
  /** The same, compiled. */
  readonly code: Promise<object>;
  /** The program around it, more than a megabyte of JavaScript. */
  readonly program: Promise<{ readonly default: CreateModule }>;
}

type CreateModule = (settings: object) => Promise<PythonModule>;

/** Starts to load the interpreter. This thread is free for whatever else there is to do. */
export async function loadInterpreter(pyodideUrl: string): Promise<Interpreter> {
  const program = import(`${pyodideUrl}pyodide.asm.mjs`) as Interpreter["program"];
  program.catch(() => {}); // whoever awaits it will see
  const { buffer: bytes } = await deno.readFile(new URL(PYTHON_FILE, pyodideUrl));
  return { bytes, code: webAssembly.compile(bytes), program };
}

const PYTHON_FILE = "pyodide.asm.wasm";

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
export async function bootPyodide(options: BootOptions): Promise<Pyodide> {
  const { pyodideUrl, interpreter, snapshot } = options;
  const globals = globalThis as Record<string, unknown>;
  const functions = shellFunctions(interpreter);
  for (const name of ["process", "Buffer"]) delete globals[name];
  Object.assign(globals, functions);
  const restoreInstantiate = useCompiled(interpreter);
  try {
    const module = (await import(`${pyodideUrl}pyodide.mjs`)) as PyodideModule;
    return await module.loadPyodide({
      indexURL: pyodideUrl,
      lockFileContents: readLockFile(pyodideUrl),
      packageBaseUrl: pyodideUrl,
      jsglobals: visibleGlobals(),
      env: { HOME: "/home/script", LANG: "C.UTF-8", TZ: "UTC" },
      stdout: () => {},
      stderr: () => {},
      fsInit: layDown(options.files),
      ...(options.forSnapshot === true ? { _makeSnapshot: true } : {}),
      createPyodideModule: creation(interpreter, snapshot),
      ...(snapshot === undefined ? {} : { _loadSnapshot: snapshot.head }),
    });
  } finally {
    for (const name of Object.keys(functions)) delete globals[name];
    restoreInstantiate();
    interpreter.bytes.transfer(0);
  }
}

/** What Pyodide expects of a JavaScript shell. */
function shellFunctions({ bytes }: Interpreter): Record<string, unknown> {
  return {
    load() {},
    read: (path: string) => new TextDecoder().decode(deno.readFileSync(toFileUrl(path))),
    readbuffer: (path: string) =>
      path.endsWith(PYTHON_FILE) ? bytes : deno.readFileSync(toFileUrl(path)).buffer,
    // Emscripten, unlike Pyodide, must take us for a worker: its shell has no source of randomness.
    WorkerGlobalScope: Object,
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
function creation({ program }: Interpreter, snapshot: Snapshot | undefined): CreateModule {
  return async (settings) => {
    const { default: create } = await program;
    const python = await create(settings);
    snapshot?.readMemory(python.HEAPU8);
    return python;
  };
}

/** Pyodide takes the scheme away for some of its files. */
function toFileUrl(path: string): URL {
  return new URL(path.startsWith("file:") ? path : `file://${path}`);
}

/** The lock file without its packages: none can be loaded here, and Pyodide should not advise to try. */
function readLockFile(pyodideUrl: string): object {
  const text = new TextDecoder().decode(deno.readFileSync(new URL("pyodide-lock.json", pyodideUrl)));
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
