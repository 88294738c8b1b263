/** A script that writes to the standard output of the WASM sandbox's process, past everything that counts output. */
import { driveSession } from "../../../src/sandbox/wasm/fixtures/drive-session.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import type { CaseContext } from "../child.ts";
import { toErrorCode } from "./wasm-outcome.ts";

/** Runs the script; what it printed, or the code of the error that ended its session. */
export async function writePastTheFrames(context: CaseContext, script: unknown): Promise<string> {
  const sandbox = wasm();
  const driven = driveSession(await sandbox.open());
  await driven.run("pass");
  await context.measure();
  const end = await driven.run(String(script)).then(({ output }) => output, toErrorCode);
  await sandbox.close();
  return end;
}
