/**
 * Runs a probe's script in a live session of a sandbox.
 */
import { randomBytes } from "node:crypto";
import { ToolscriptError } from "../../src/errors.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { ScriptLimits } from "../../src/script/limits.ts";
import { openScriptSession, type ScriptSession } from "../../src/script/script-session.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { type LabValues, type ScriptRun, readRun, toProgram } from "./script-run.ts";

/** How a script is run. */
export interface SessionRunOptions {
  readonly lab?: LabValues;
  readonly tools?: readonly Tool[];
  readonly limits?: Partial<ScriptLimits>;
  /** Looks at the session while it is still there, after the script has ended. */
  readonly inspect?: (session: ScriptSession) => Promise<void>;
}

/** Longest time that a script computes, unless it says otherwise, in milliseconds. */
const DEFAULT_RUNNING_MS = 20_000;

/** Opens a session, runs one script, closes the session. */
export async function runInSession(
  sandbox: Sandbox,
  script: string,
  { lab = {}, tools = [], limits = {}, inspect }: SessionRunOptions = {},
): Promise<ScriptRun> {
  const session = await openScriptSession({
    sandbox,
    tools,
    limits: { runningMs: DEFAULT_RUNNING_MS, callMs: 10_000, ...limits },
  });
  try {
    const run = await runCell(session, script, lab);
    await inspect?.(session);
    return run;
  } finally {
    await session.close();
  }
}

/** Runs one script in a session that is open. */
export async function runCell(
  session: ScriptSession,
  script: string,
  lab: LabValues = {},
): Promise<ScriptRun> {
  const nonce = randomBytes(8).toString("hex");
  const started = performance.now();
  let printed = "";
  const cell = session.run(toProgram(script, nonce, lab));
  try {
    for await (const event of cell) {
      if (event.type === "output" && event.stream === "stdout") printed += event.text;
    }
    const { stdout, stderr, limit, survived, returnCode } = await cell.result;
    const ended = limit === null ? (returnCode === 0 ? "" : `return code ${returnCode}`) : `limit ${limit}`;
    const ms = performance.now() - started;
    return readRun(nonce, { stdout, stderr, ended: survived ? ended : `${ended}, killed`, ms });
  } catch (error) {
    if (!(error instanceof ToolscriptError)) throw error;
    return readRun(nonce, {
      stdout: printed,
      stderr: error.message,
      ended: error.code,
      ms: performance.now() - started,
    });
  }
}
