/**
 * The Python sources of the runner, as backends hand them to an interpreter.
 *
 * Guarantees that a backend needs no file on the interpreter's side. Knows where the sources are; not what they do.
 */
import { readdirSync, readFileSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";

const PACKAGE = "toolscript_runner";
const PROCESS_ONE = "PACKED_PROCESS_ONE";
const PACKED_SOURCES = "PACKED_SOURCES";
/** The two places in {@link BOOTSTRAP} that packed text is put into. */
const PLACES = new RegExp(`${PROCESS_ONE}|${PACKED_SOURCES}`);
const PACKAGE_FOLDER = new URL(`../../runner/${PACKAGE}/`, import.meta.url);

/** Drivers that a process on its own standard streams does not use, and what the program has in plain text. */
const NOT_PACKED = /^(wasm|kernel|process_one)/;

/** Exit code of {@link stdioBootstrap}'s program when Python is older than 3.9. */
export const PYTHON_TOO_OLD_EXIT_CODE = 64;

/** Exit code of the runner when the host broke the protocol; the reason is on standard error. */
export const PROTOCOL_EXIT_CODE = 70;

let modules: ReadonlyMap<string, string> | undefined;
let bootstrap: string | undefined;

/**
 * The runner's modules: path below an import folder, such as `toolscript_runner/core.py`, to source text.
 * Read once and kept.
 */
export function runnerModules(): ReadonlyMap<string, string> {
  modules ??= readModules();
  return modules;
}

function readModules(): ReadonlyMap<string, string> {
  const names = readdirSync(PACKAGE_FOLDER).filter((name) => name.endsWith(".py"));
  return new Map(
    names
      .toSorted()
      .map((name) => [`${PACKAGE}/${name}`, readFileSync(new URL(name, PACKAGE_FOLDER), "utf8")]),
  );
}

/**
 * A program for `python3 -I -c` that is the whole runner: it speaks the protocol on the process's standard streams.
 * ASCII, without a line that needs more than Python 2.7 to say that 3.9 is wanted ({@link PYTHON_TOO_OLD_EXIT_CODE}).
 */
export function stdioBootstrap(): string {
  bootstrap ??= createBootstrap();
  return bootstrap;
}

function createBootstrap(): string {
  const packed = packRunnerSources(isForStdio);
  return BOOTSTRAP.replace(PROCESS_ONE, pack(processOne())).replace(PACKED_SOURCES, packed);
}

/**
 * Whether a program text is {@link stdioBootstrap} of this version. How it was packed does not count: that differs
 * between releases of Node.
 */
export function isStdioBootstrap(program: string): boolean {
  if (program === stdioBootstrap()) return true;
  const [before = "", between = "", after = ""] = BOOTSTRAP.split(PLACES);
  if (!program.startsWith(before) || !program.endsWith(after)) return false;
  const [one = "", sources = "", ...more] = program.slice(before.length, -after.length).split(between);
  return more.length === 0 && isPacked(one, processOne()) && isPacked(sources, joinRunnerSources(isForStdio));
}

function isPacked(packed: string, text: string): boolean {
  const wanted = Buffer.from(text);
  if (!/^[A-Za-z0-9+/=]*$/.test(packed)) return false;
  try {
    const found = inflateSync(Buffer.from(packed, "base64"), { maxOutputLength: wanted.length });
    return found.equals(wanted);
  } catch {
    return false; // it is no packed text, or one of a greater size
  }
}

const processOne = (): string => runnerModules().get(`${PACKAGE}/process_one.py`) ?? "";

const isForStdio = (name: string): boolean => !NOT_PACKED.test(name);

/** The runner's files that `isWanted` by name, as {@link pythonSourcesClass} unpacks them. */
export function packRunnerSources(isWanted: (name: string) => boolean): string {
  return pack(joinRunnerSources(isWanted));
}

function pack(text: string): string {
  return deflateSync(text, { level: 9 }).toString("base64");
}

function joinRunnerSources(isWanted: (name: string) => boolean): string {
  const sources = Object.fromEntries(
    [...runnerModules()]
      .map(([path, source]) => [path.slice(PACKAGE.length + 1), source] as const)
      .filter(([name]) => isWanted(name)),
  );
  return JSON.stringify(sources);
}

/**
 * Python's `class Sources`, a finder of the package's modules in memory, at a depth of indentation. Its `get_source` gives
 * tracebacks of the runner's own failures their source lines. Wants `binascii`, `json`, `sys` and `zlib`, and the text
 * PACKED_SOURCES replaced by what {@link packRunnerSources} gives.
 */
export function pythonSourcesClass(indentation: string): string {
  return SOURCES_CLASS.replaceAll(/^(?=.)/gm, indentation);
}

const SOURCES_CLASS = `class Sources:
    files = json.loads(zlib.decompress(binascii.a2b_base64("PACKED_SOURCES")))
    def find_spec(self, name, path=None, target=None):
        package, _, module = name.partition(".")
        file = (module or "__init__") + ".py"
        if package != "${PACKAGE}" or file not in self.files:
            return None
        spec = type(sys.__spec__)(name, self, origin="<toolscript>/" + file, is_package=not module)
        spec.has_location = True
        return spec
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        exec(compile(self.get_source(module.__name__), module.__spec__.origin, "exec"), module.__dict__)
    def get_source(self, name):
        return self.files[(name.partition(".")[2] or "__init__") + ".py"]
`;

/**
 * Process 1 splits off first, while there is little memory to share; nothing is collected before the runner is complete.
 * Both together spare some milliseconds of a start.
 */
const BOOTSTRAP = `import sys
if sys.version_info < (3, 9):
    sys.stderr.write("The Toolscript runner needs Python 3.9 or newer, this is Python %d.%d\\n" % sys.version_info[:2])
    sys.exit(${PYTHON_TOO_OLD_EXIT_CODE})
import binascii, gc, zlib
gc.disable()
process_one = type(sys)("${PACKAGE}.process_one")
source = zlib.decompress(binascii.a2b_base64("${PROCESS_ONE}"))
exec(compile(source, "<toolscript>/process_one.py", "exec"), process_one.__dict__)
lifeline = process_one.split()
sys.modules[process_one.__name__] = process_one
import json
${pythonSourcesClass("")}sys.meta_path.insert(0, Sources())
del Sources
from ${PACKAGE}.stdio import main
main(lifeline)
`;
