/**
 * Runs JavaScript under the command line of the WASM sandbox, as if a script had taken over the interpreter and the
 * JavaScript around it: what is left is the wall of the process.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { guestArguments } from "../../../src/sandbox/wasm/guest-process.ts";
import { guestProgram } from "../../../src/sandbox/wasm/guest-program.ts";
import { findPrograms } from "../../../src/sandbox/wasm/programs.ts";
import { type LabValues, type ScriptRun, readRun } from "../script-run.ts";

/** How the process differs from the sandbox's. */
export interface DenoRunOptions {
  readonly lab: LabValues;
  readonly secret: string;
  /** Changes the arguments: a flag away, another in its place. */
  readonly loosen?: (args: readonly string[]) => readonly string[];
}

const MEMORY_MB = 512;
const TIMEOUT_MS = 20_000;

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

/** Runs a module under the sandbox's arguments. */
export async function runInDeno(script: string, { lab, secret, loosen }: DenoRunOptions): Promise<ScriptRun> {
  const nonce = randomBytes(8).toString("hex");
  const folder = await mkdtemp(join(tmpdir(), "toolscript-probe-js-"));
  const program = join(folder, "probe.mjs");
  await writeFile(program, `${PRELUDE(nonce, lab)}${script}`);
  const programs = findPrograms({ denoPath: undefined, pyodideFolder: undefined });
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
      DENO_DIR: loosen === undefined ? `${guestProgram()}/none` : join(folder, "cache"),
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
    return readRun(nonce, { stdout, stderr, ended: how, ms: performance.now() - started });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
