/**
 * The part of Deno and of Pyodide's internals that the guest program uses, as types: the host's type checker knows
 * neither. Nothing here runs on the host.
 */

/** A standard stream of the process. */
interface DenoStream {
  readSync(target: Uint8Array): number | null;
  writeSync(bytes: Uint8Array): number;
}

/** An open file. */
export interface DenoFile {
  readSync(target: Uint8Array): number | null;
  close(): void;
}

/** The part of `Deno` that the guest uses. */
export interface DenoRuntime {
  readonly args: readonly string[];
  readonly stdin: DenoStream;
  readonly stdout: DenoStream;
  readonly stderr: DenoStream;
  readonly pid: number;
  /** Changes, but on Windows, when the process that started this one ends. */
  readonly ppid: number;
  exit(code: number): never;
  kill(pid: number, signal: "SIGKILL"): void;
  addSignalListener(signal: "SIGTERM", listener: () => void): void;
  removeSignalListener(signal: "SIGTERM", listener: () => void): void;
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
  readFileSync(path: string | URL): Uint8Array<ArrayBuffer>;
  openSync(path: string | URL): DenoFile;
  dlopen<S extends NativeSymbols>(path: string, symbols: S): NativeLibrary<S>;
  readonly permissions: { revokeSync(descriptor: { readonly name: string }): { readonly state: string } };
}

/** Types of the native functions that the guest calls, with what stands for each in JavaScript. */
interface NativeTypes {
  readonly i32: number;
  readonly i64: bigint;
  readonly u64: bigint;
  readonly usize: bigint;
  readonly isize: bigint;
  readonly buffer: Uint8Array | null;
}

/** Declarations of native functions by name. */
type NativeSymbols = Readonly<
  Record<string, { readonly parameters: readonly (keyof NativeTypes)[]; readonly result: keyof NativeTypes }>
>;

type NativeValues<P extends NativeSymbols[string]["parameters"]> = {
  -readonly [Index in keyof P]: P[Index] extends keyof NativeTypes ? NativeTypes[P[Index]] : never;
};

/** An open native library. */
export interface NativeLibrary<S extends NativeSymbols> {
  readonly symbols: {
    readonly [Name in keyof S]: (
      ...values: NativeValues<S[Name]["parameters"]>
    ) => NativeTypes[S[Name]["result"]];
  };
  close(): void;
}

/** An open file of Emscripten's file system. */
export interface EmscriptenStream {
  seekable: boolean;
}

/** Operations of an Emscripten device; `position` is what `pread` was given. */
export interface DeviceOperations {
  open?(stream: EmscriptenStream): void;
  read?(
    stream: EmscriptenStream,
    buffer: Int8Array,
    offset: number,
    length: number,
    position: number,
  ): number;
  write?(
    stream: EmscriptenStream,
    buffer: Int8Array,
    offset: number,
    length: number,
    position: number,
  ): number;
}

/** The part of Emscripten's file system that the guest uses. */
export interface EmscriptenFileSystem {
  readonly ErrnoError: new (errno: number) => Error;
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: DeviceOperations): void;
  mkdev(path: string, device: number): void;
  mkdirTree(path: string): void;
  writeFile(path: string, text: string): void;
}

/** How Pyodide hands over bytes that Python wrote to a descriptor. */
export interface StreamWriter {
  write(bytes: Uint8Array): number;
  isatty: boolean;
}

/** Functions of CPython and Emscripten that the guest calls. Addresses are numbers; the stack grows down from its base. */
export interface PythonModule {
  /** Python's memory. */
  readonly HEAPU8: Uint8Array;
  _PyThreadState_Get(): number;
  _PyUnstable_ThreadState_SetStackProtection(thread: number, start: number, bytes: number): number;
  _emscripten_stack_get_base(): number;
}

/** The part of Pyodide that the guest uses. */
export interface Pyodide {
  readonly _module: PythonModule;
  readonly FS: EmscriptenFileSystem;
  runPython(code: string): unknown;
  setStdin(options: { read(target: Uint8Array): number }): void;
  setStdout(writer: StreamWriter): void;
  setStderr(writer: StreamWriter): void;
  setInterruptBuffer(buffer: unknown): void;
  makeMemorySnapshot(): Uint8Array<ArrayBuffer>;
}

/** The module `pyodide.mjs`. */
export interface PyodideModule {
  loadPyodide(options: Readonly<Record<string, unknown>>): Promise<Pyodide>;
}

/** Deno's own object, taken before anything else runs. */
export const deno: DenoRuntime = (globalThis as unknown as { Deno: DenoRuntime }).Deno;

/** A thread of its own with the same permissions. */
export interface GuestWorker {
  onmessage: (event: { readonly data: unknown }) => void;
  postMessage(message: unknown): void;
}

/** Starts a thread. */
export const GuestWorker = (
  globalThis as unknown as { Worker: new (url: URL, options: { type: "module" }) => GuestWorker }
).Worker;

/** V8's own `WebAssembly`, as far as the guest uses it. */
interface WebAssemblyApi {
  compile(bytes: ArrayBuffer): Promise<object>;
  /** With bytes a module and an instance, with a module an instance. */
  instantiate: (source: object, imports?: object) => Promise<object>;
}

export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi })
  .WebAssembly;
