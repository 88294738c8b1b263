/**
 * Starts Pyodide without anything that it does not need: no package index, no Node compatibility, no terminal.
 *
 * Pyodide finds its environment by looking at globals. Without `process`, and with `load`, `read` and `readbuffer`, it
 * takes the path of a bare JavaScript shell: the least code, and no bridge to the host's file system in it.
 */
import { deno, type Pyodide, type PyodideModule } from "./deno.ts";

/** How to start. */
export interface BootOptions {
  /** Folder of the `pyodide` package as a `file:` URL that ends in a slash. */
  readonly pyodideUrl: string;
  /** Memory of an earlier start to go on from; its buffer is empty afterwards. */
  readonly snapshot?: Uint8Array<ArrayBuffer>;
  /** Starts so that a snapshot can be made. */
  readonly forSnapshot?: boolean;
  /** Python files to lay down before Python starts: absolute path and text. */
  readonly files?: ReadonlyMap<string, string>;
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
export async function bootPyodide(options: BootOptions): Promise<Pyodide> {
  const globals = globalThis as Record<string, unknown>;
  const { functions, release } = shellFunctions();
  for (const name of ["process", "Buffer"]) delete globals[name];
  Object.assign(globals, functions);
  try {
    const module = (await import(`${options.pyodideUrl}pyodide.mjs`)) as PyodideModule;
    return await module.loadPyodide({
      indexURL: options.pyodideUrl,
      lockFileContents: readLockFile(options.pyodideUrl),
      packageBaseUrl: options.pyodideUrl,
      jsglobals: visibleGlobals(),
      env: { HOME: "/home/script", LANG: "C.UTF-8", TZ: "UTC" },
      stdout: () => {},
      stderr: () => {},
      fsInit: layDown(options.files),
      ...(options.forSnapshot === true ? { _makeSnapshot: true } : {}),
      ...(options.snapshot === undefined ? {} : { _loadSnapshot: options.snapshot }),
    });
  } finally {
    for (const name of Object.keys(functions)) delete globals[name];
    release();
    options.snapshot?.buffer.transfer(0);
  }
}

/** What Pyodide expects of a JavaScript shell. `release` gives back the memory of what was read. */
function shellFunctions(): { functions: Record<string, unknown>; release: () => void } {
  const buffers: ArrayBuffer[] = [];
  return {
    functions: {
      load() {},
      read: (path: string) => new TextDecoder().decode(deno.readFileSync(toFileUrl(path))),
      readbuffer(path: string) {
        const { buffer } = deno.readFileSync(toFileUrl(path));
        buffers.push(buffer);
        return buffer;
      },
      // Emscripten, unlike Pyodide, must take us for a worker: its shell has no source of randomness.
      WorkerGlobalScope: Object,
    },
    release() {
      for (const buffer of buffers) buffer.transfer(0);
    },
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
