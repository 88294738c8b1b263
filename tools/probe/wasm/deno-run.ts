/**
 * Runs JavaScript as if a script had taken over the interpreter and the JavaScript around it: what is left are the walls of
 * the process, Deno's (the sandbox's command line) and the kernel's. Each is probed alone, without the other.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { guestArguments } from "../../../src/sandbox/wasm/guest-process.ts";
import { guestProgram } from "../../../src/sandbox/wasm/guest-program.ts";
import { findPrograms } from "../../../src/sandbox/wasm/programs.ts";
import { planWall } from "../../../src/sandbox/wasm/wall/plan-wall.ts";
import { type LabValues, type ScriptRun, readRun } from "../script-run.ts";

/** How the process differs from the sandbox's. */
export interface DenoRunOptions {
  readonly lab: LabValues;
  readonly secret: string;
  /** Changes the arguments: a flag away, another in its place. */
  readonly loosen?: (args: readonly string[]) => readonly string[];
  /** Whether to raise the kernel's wall before the script begins; undefined where that is not what is probed. */
  readonly kernelWall?: boolean;
  /** JavaScript that runs before that. */
  readonly before?: string;
}

/** Arguments that leave nothing of Deno's own wall. */
export const allowAll = (args: readonly string[]): readonly string[] => [
  "run",
  "--allow-all",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  ...args.filter((arg) => arg === guestProgram()),
];

const MEMORY_MB = 512;
const TIMEOUT_MS = 20_000;

/** Addresses that V8 prints when it gives up; what it gives up for stands before them. */
const V8_STACK = /[\s#]*==== C stack trace[^]*/;

/** `did` as in Python; an exception is an attempt that failed. */
const PRELUDE = (nonce: string, lab: LabValues): string => `
const NONCE = ${JSON.stringify(nonce)}, LAB = ${JSON.stringify(lab)};
const say = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\\n"));
say("PROBE-BEGINS");
const did = (ok, detail = "") => say("PROBE-FACTS " + JSON.stringify({ ok: Boolean(ok), detail: String(detail).slice(0, 200) }));
const tried = async (action) => {
  try { const value = await action(); did(true, value); }
  catch (error) { did(false, error.name + ": " + error.message); }
};
`;

/** What the guest does before it trusts nothing any more, without what it does about Deno's permissions. */
function raiseKernelWall(deno: string): string {
  const plan = planWall(deno, MEMORY_MB, "required");
  const module = pathToFileURL(join(dirname(guestProgram()), "wall.js"));
  return "order" in plan
    ? `const { openWall } = await import(${JSON.stringify(module)}); openWall(${JSON.stringify(JSON.stringify(plan.order))}).raise();`
    : "";
}

/** Runs a module under the sandbox's arguments. */
export async function runInDeno(script: string, options: DenoRunOptions): Promise<ScriptRun> {
  const { lab, secret, loosen, kernelWall, before = "" } = options;
  const nonce = randomBytes(8).toString("hex");
  const folder = await mkdtemp(join(tmpdir(), "toolscript-probe-js-"));
  const program = join(folder, "probe.mjs");
  const programs = findPrograms({ denoPath: undefined, pyodideFolder: undefined });
  const wall = kernelWall === true ? raiseKernelWall(programs.deno) : "";
  await writeFile(program, `${before}\n${wall}\n${PRELUDE(nonce, lab)}${script}`);
  const own = guestArguments({
    programs,
    memoryMb: MEMORY_MB,
    task: { mode: "cold", bootBytes: 0 },
    wall: undefined,
  });
  const args = (loosen?.(own) ?? own).map((arg) => (arg === guestProgram() ? program : arg));
  const started = performance.now();
  const child = spawn(programs.deno, args, {
    cwd: programs.pyodideFolder,
    // More than a guest gets: there must be something to steal.
    env: {
      DENO_DIR:
        loosen === undefined || kernelWall !== undefined ? `${guestProgram()}/none` : join(folder, "cache"),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      TOOLSCRIPT_PROBE_SECRET: secret,
    },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  try {
    const ended = new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(`exit ${signal ?? code}`));
    });
    const [stdout, stderr, how] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const said = stderr.replace(V8_STACK, "").trim();
    return readRun(nonce, { stdout, stderr: said, ended: how, ms: performance.now() - started });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
