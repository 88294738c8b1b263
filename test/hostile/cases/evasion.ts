/** Scripts that compute while they say that they wait, in a real sandbox. */
import { createProcessSandbox } from "../../fixtures/process-sandbox.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { docker } from "../../../src/sandbox/docker/docker.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import { openScriptSession, type ScriptSession } from "../../../src/script/script-session.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { CaseContext } from "../child.ts";

/** The sandboxes of this case. */
const SANDBOXES = {
  process: () => createProcessSandbox(),
  docker: () => docker({ image: "toolscript/python:debian", pool: { size: 0 } }),
  wasm: () => wasm(),
} satisfies Record<string, () => Sandbox>;

/** What to run, and where. */
export interface EvasionArgument {
  readonly sandbox: keyof typeof SANDBOXES;
  readonly script: string;
  /** Whether the session, and not the cell, is to end. */
  readonly isIdle?: boolean;
}

/** How it ended. */
export interface EvasionOutcome {
  readonly limit: string | null;
  readonly survived: boolean;
  readonly alive: boolean;
}

const waits = tool({
  name: "waits",
  description: "Never returns.",
  input: { type: "object" },
  execute: () => new Promise(() => {}),
});

/** Runs a script whose running time is limited to 1 s, its processor time between cells to 1 s. */
export async function evade(context: CaseContext, argument: unknown): Promise<EvasionOutcome> {
  const { sandbox: name, script, isIdle = false } = argument as EvasionArgument;
  const sandbox = SANDBOXES[name]();
  const limits = { runningMs: 1_000, idleRunningMs: 1_000, interruptGraceMs: 500 };
  const session = await openScriptSession({ sandbox, tools: [waits], limits });
  try {
    await context.measure();
    const { limit, survived } = await session.run(script).result;
    if (isIdle) await untilEnded(session);
    return { limit, survived, alive: session.alive };
  } finally {
    await session.close();
    await sandbox.close();
  }
}

/** Looks until the session has ended, or for a minute. */
async function untilEnded(session: ScriptSession): Promise<void> {
  const until = performance.now() + 60_000;
  while (session.alive && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
