/**
 * How a probe's Python script tells what it found: by one line of JSON, wherever it runs.
 */

/** What became of a script. */
export interface ScriptRun {
  /** Unique to this run: a script that gets it out leaves a trace of its own. */
  readonly nonce: string;
  /** Arguments of the script's last `did(…)`; undefined when it never came to that. */
  readonly facts: { readonly ok: boolean; readonly detail: string } | undefined;
  /** Whether the script began to run at all. */
  readonly began: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Code of the error that ended the session, or `exit N` of a process. */
  readonly ended: string;
  readonly ms: number;
}

/** Values that a script finds in `LAB`. Never a secret that it is supposed to find out. */
export type LabValues = Readonly<Record<string, string | number>>;

const BEGAN = "PROBE-BEGINS";
const FACTS = "PROBE-FACTS ";

/**
 * Put before every script. `did` ends the attempt with its outcome, `tried` makes an outcome of what a function did.
 * A script that raises an error of the system has failed in its attempt; any other error is a fault of the script.
 */
const PRELUDE = `import json, os, sys, time
NONCE = "{nonce}"
LAB = json.loads('''{lab}''')
print("${BEGAN}", flush=True)
def did(ok, detail=""):
    print("${FACTS}" + json.dumps({"ok": bool(ok), "detail": str(detail)[:200]}), flush=True)
def tried(action):
    try:
        value = action()
    except (OSError, MemoryError, ImportError, ValueError, RuntimeError, EOFError) as error:
        return did(False, type(error).__name__ + ": " + str(error))
    return did(True, "done" if value is None else value)
`;

/** Calls of the kernel by their numbers, which differ between machines. */
const SYSCALLS = `import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
def syscall(numbers, *args):
    ctypes.set_errno(0)
    result = libc.syscall(numbers["x86_64" if platform.machine() in ("x86_64", "AMD64") else "arm64"], *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def both(x86_64, arm64):
    return {"x86_64": x86_64, "arm64": arm64}
`;

/** The whole program. A script that uses `syscall` gets it. */
export function toProgram(script: string, nonce: string, lab: LabValues): string {
  const values = JSON.stringify(lab).replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const head = PRELUDE.replace("{nonce}", nonce).replace("{lab}", () => values);
  return `${head}${/\b(?:syscall|libc)\b/.test(script) ? SYSCALLS : ""}${script}`;
}

/** Reads the script's own lines out of what was printed. */
export function readRun(
  nonce: string,
  printed: { readonly stdout: string; readonly stderr: string; readonly ended: string; readonly ms: number },
): ScriptRun {
  const lines = printed.stdout.split(/\r?\n/);
  const found = lines.findLast((line) => line.startsWith(FACTS));
  const facts =
    found === undefined ? undefined : (JSON.parse(found.slice(FACTS.length)) as ScriptRun["facts"]);
  return { nonce, facts, began: lines.includes(BEGAN), ...printed };
}

/** What is known of a run, in a few words. */
export function describeRun(run: ScriptRun): string {
  const detail = run.facts?.detail ?? "";
  if (detail !== "") return detail.slice(0, 160);
  const lastError = run.stderr.trim().split("\n").at(-1) ?? "";
  return [run.facts === undefined ? "the script did not come to its end" : "", run.ended, lastError]
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, 160);
}

/** A frame that breaks the protocol or its size, and a kernel whose own descriptors a script wrote to. */
const ENDS_BY_SCRIPT: ReadonlySet<string> = new Set([
  "protocol-violation",
  "frame-too-large",
  "agentcore-session-lost",
]);

/** @throws when the script is at fault, so that nothing can be concluded from it */
export function checkRun(run: ScriptRun, mayEnd: boolean): void {
  // These ends hide what was printed right before them; nobody but the script can have brought them about.
  const hasSpoken = run.began || ENDS_BY_SCRIPT.has(run.ended);
  if (!hasSpoken) throw new Error(`the script did not run: ${run.ended} ${run.stderr.slice(-300)}`);
  if (run.facts === undefined && !mayEnd) {
    throw new Error(`the script failed: ${run.ended} ${run.stderr.slice(-300)}`);
  }
}
