/**
 * Runs a probe's Python script in a plain interpreter on this host, with nothing around it: the control of most probes
 * of the WASM sandbox.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { type LabValues, type ScriptRun, readRun, toProgram } from "../script-run.ts";

const TIMEOUT_MS = 20_000;

/** Runs the script with `python3` and waits for its end. @throws when there is no python3 */
export async function runOnHost(script: string, lab: LabValues, cwd: string): Promise<ScriptRun> {
  const nonce = randomBytes(8).toString("hex");
  const started = performance.now();
  const child = spawn("python3", ["-I", "-X", "utf8", "-c", toProgram(script, nonce, lab)], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(`exit ${signal ?? code}`));
  });
  const [stdout, stderr, how] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return readRun(nonce, { stdout, stderr, ended: how, ms: performance.now() - started });
}
