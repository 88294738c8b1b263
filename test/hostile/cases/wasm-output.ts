/** A script that writes to the standard output of the WASM sandbox's process, past everything that counts output. */
import { type DrivenSession, driveSession } from "../../../src/sandbox/wasm/fixtures/drive-session.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import type { CaseContext } from "../child.ts";
import { toErrorCode } from "./wasm-outcome.ts";

/** What came of a script that was not disturbed by measuring. */
export interface WritingOutcome {
  /** What it printed, or the code of the error that ended its session. */
  readonly end: string;
  /** Processor time of the host's main thread meanwhile, in milliseconds. */
  readonly hostMs: number;
}

/** Runs the script while the longest turn is measured; what it printed, or the code of the error that ended its session. */
export async function writePastTheFrames(context: CaseContext, script: unknown): Promise<string> {
  return await withSession(async (driven) => {
    await context.measure();
    return await run(driven, script);
  });
}

/** Runs the script and measures nothing but what the host used: looking at turns costs it something all the time. */
export async function costOfWriting(context: CaseContext, script: unknown): Promise<WritingOutcome> {
  return await withSession(async (driven) => {
    const before = process.threadCpuUsage();
    const end = await run(driven, script);
    const { user, system } = process.threadCpuUsage(before);
    await context.measure();
    return { end, hostMs: (user + system) / 1000 };
  });
}

async function withSession<T>(use: (driven: DrivenSession) => Promise<T>): Promise<T> {
  const sandbox = wasm();
  try {
    const driven = driveSession(await sandbox.open());
    await driven.run("pass");
    return await use(driven);
  } finally {
    await sandbox.close();
  }
}

async function run(driven: DrivenSession, script: unknown): Promise<string> {
  return await driven.run(String(script)).then(({ output }) => output, toErrorCode);
}
