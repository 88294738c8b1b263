/**
 * Finds what the sandbox runs on: the Deno binary and the folder of Pyodide, both from optional npm packages.
 *
 * Guarantees real paths (Deno's permissions are about real files) of files that exist, or an error that says the
 * command which mends it.
 */
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ToolscriptError } from "../../errors.ts";

const PYODIDE_FILES = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "python_stdlib.zip",
  "pyodide-lock.json",
  "package.json",
] as const;

/** Where to look instead of the npm packages. */
export interface ProgramOptions {
  /** Path of a Deno binary. @default the npm package `deno` */
  readonly denoPath?: string | undefined;
  /** Folder of a Pyodide distribution. @default the npm package `pyodide` */
  readonly pyodideFolder?: string | undefined;
}

/** What was found. */
export interface Programs {
  /** The Deno binary. */
  readonly deno: string;
  /** Pyodide's folder. */
  readonly pyodideFolder: string;
  /** The files of Pyodide that a start reads. */
  readonly pyodideFiles: readonly string[];
}

/**
 * Finds Deno and Pyodide.
 *
 * @throws {ToolscriptError} `sandbox-unavailable` when one of them is not there
 */
export function findPrograms(options: ProgramOptions = {}): Programs {
  const deno = findDeno(options.denoPath);
  const pyodideFolder = findPyodide(options.pyodideFolder);
  return { deno, pyodideFolder, pyodideFiles: PYODIDE_FILES.map((name) => join(pyodideFolder, name)) };
}

/** Version of Pyodide as its package says. */
export async function readPyodideVersion(programs: Programs): Promise<string> {
  const text = await readFile(join(programs.pyodideFolder, "package.json"), "utf8");
  return String((JSON.parse(text) as { version?: unknown }).version);
}

function findDeno(path: string | undefined): string {
  const name = process.platform === "win32" ? "deno.exe" : "deno";
  const candidates = path === undefined ? denoFolders().map((folder) => join(folder, name)) : [path];
  const found = candidates.map(toRealPath).find((candidate) => candidate !== undefined);
  if (found !== undefined) return found;
  throw unavailable(
    path === undefined
      ? 'the npm package "deno" is not installed for this platform'
      : `"${path}" does not exist`,
  );
}

/** The package's own folder, where its install script puts the binary, then the folder of the platform's package. */
function denoFolders(): string[] {
  const folder = packageFolder("deno", createRequire(import.meta.url));
  if (folder === undefined) return [];
  const target = `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  const require = createRequire(join(folder, "package.json"));
  return [folder, packageFolder(`@deno/${target}`, require)].filter((each) => each !== undefined);
}

function findPyodide(path: string | undefined): string {
  const folder = path ?? packageFolder("pyodide", createRequire(import.meta.url));
  if (folder === undefined) throw unavailable('the npm package "pyodide" is not installed');
  const missing = PYODIDE_FILES.find((name) => toRealPath(join(folder, name)) === undefined);
  if (missing !== undefined) throw unavailable(`"${join(folder, missing)}" does not exist`);
  return realpathSync(folder);
}

function packageFolder(name: string, require: NodeJS.Require): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined; // not installed: the caller says so
  }
}

function toRealPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // does not exist: the caller says so
  }
}

function unavailable(reason: string): ToolscriptError {
  return new ToolscriptError(
    "sandbox-unavailable",
    `Starting the WASM sandbox failed: ${reason}; run "npm install deno pyodide" (without "--omit=optional")`,
  );
}
