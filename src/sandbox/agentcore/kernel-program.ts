/**
 * The Python that one `executeCode` carries: the runner, once for a kernel, and then an exchange of frames each time.
 *
 * Guarantees: pure ASCII, so that no kernel cuts a line where Python would not; every program may be repeated; nothing is
 * left in the kernel's namespace. The other end is `runner/toolscript_runner/kernel.py`.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { packRunnerSources, pythonSourcesClass } from "../runner-source.ts";

/** What an exchange says. */
export interface ExchangeRequest {
  /** Number of the exchange, from 1, without gaps. */
  readonly sequence: number;
  /** Seconds after which the kernel answers, whatever the script does. */
  readonly seconds: number;
  /** Frames, each a JSON object on its line; the last one may go on in the next exchange of a delivery. */
  readonly frames: string;
  /** The cell in which to raise `KeyboardInterrupt`; 0 for none. @default 0 */
  readonly interruptedCell?: number;
  /** More frames belong to this delivery; nothing goes on yet. @default false */
  readonly held?: boolean;
}

/** What {@link exchangeProgram} prints after the marker when the kernel knows nothing of us. */
export const KERNEL_IS_NEW = "new";

/** What {@link installProgram} prints after the marker, with the version, when Python is older than 3.9. */
export const PYTHON_IS_OLD = "old";

/** Frames of more characters travel deflated. */
const MAX_PLAIN_CHARACTERS = 32 * 1024;

/** The runner's modules that a kernel does not need. */
const NOT_FOR_KERNELS: ReadonlySet<string> = new Set([
  "__main__.py",
  "process_one.py",
  "seccomp.py",
  "stdio.py",
  "system_calls.py",
  "wasm.py",
  "wasm_zone_data.py",
  "wasm_zones.py",
]);

const PACKAGE = "toolscript_runner";
const MODULE = `${PACKAGE}.kernel`;

let packedSources: string | undefined;

/**
 * A program that installs the runner, unless it is there, and makes the exchange.
 *
 * A file in the session's temporary folder outlives the kernel: when the program is repeated after a failure and finds the
 * file but no runner, the kernel is another one, and the script, which may have run, must not run again.
 */
export async function installProgram(marker: string, request: ExchangeRequest): Promise<string> {
  const given = await toArguments(request);
  packedSources ??= packRunnerSources((name) => !NOT_FOR_KERNELS.has(name));
  const once = `toolscript-${createHash("sha256").update(marker).digest("hex").slice(0, 32)}`;
  return INSTALL.replaceAll("MARKER", () => JSON.stringify(marker))
    .replace("ONCE", () => JSON.stringify(once))
    .replace("PACKED_SOURCES", packedSources)
    .replace("ARGUMENTS", () => given);
}

/** A program that makes the exchange. */
export async function exchangeProgram(marker: string, request: ExchangeRequest): Promise<string> {
  const given = await toArguments(request);
  const isNew = JSON.stringify(`${marker}${KERNEL_IS_NEW}`);
  return `(lambda kernel: kernel.exchange(${given}) if kernel else print(${isNew}))(__import__("sys").modules.get("${MODULE}"))\n`;
}

const deflateText = promisify(deflate);

/** Positional, in the order of the function in `kernel.py`. */
async function toArguments({
  sequence,
  seconds,
  frames,
  interruptedCell = 0,
  held = false,
}: ExchangeRequest): Promise<string> {
  const packed = frames.length > MAX_PLAIN_CHARACTERS;
  const data = packed ? (await deflateText(frames, { level: 1 })).toString("base64") : toAscii(frames);
  const time = Math.max(0, seconds).toFixed(3);
  return [sequence, time, JSON.stringify(data), toPython(packed), interruptedCell, toPython(held)].join(",");
}

function toPython(flag: boolean): string {
  return flag ? "True" : "False";
}

/** JSON with every character beyond ASCII escaped; in JSON these stand only where an escape may. */
function toAscii(json: string): string {
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const INSTALL = `def _toolscript():
    import sys
    if sys.version_info < (3, 9):
        print(MARKER + "${PYTHON_IS_OLD} %d.%d" % sys.version_info[:2])
        return
    if "${MODULE}" not in sys.modules:
        import binascii, json, os, tempfile, zlib
        try:
            os.close(os.open(os.path.join(tempfile.gettempdir(), ONCE), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            print(MARKER + "${KERNEL_IS_NEW}")
            return
        except OSError:
            pass
${pythonSourcesClass("        ")}        sys.meta_path.insert(0, Sources())
    from ${PACKAGE} import kernel
    kernel.install(MARKER)
    kernel.exchange(ARGUMENTS)
_toolscript()
del _toolscript
`;
