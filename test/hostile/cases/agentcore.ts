/** A session at a service whose answers are the script's; see `agentcore-attacks.ts`. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isToolscriptError } from "../../../src/errors.ts";
import { agentcore } from "../../../src/sandbox/agentcore/agentcore.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import { echo, returning } from "../../../src/testing/contract-tools.ts";
import type { Tool } from "../../../src/tools/tool.ts";
import type { CaseContext } from "../child.ts";

const SERVICE = fileURLToPath(new URL("../agentcore-service.ts", import.meta.url));
/** Nothing of it can be packed. */
const LARGE_TEXT = randomBytes(23 * 1024 * 1024).toString("base64");

/** What is done, and with which limits. */
export interface AgentCoreArgument {
  readonly attack: string;
  readonly runningMs?: number;
  readonly totalMs?: number;
  readonly install?: "open";
}

/** How it ended. */
export interface AgentCoreOutcome {
  /** The error's code, or `result` and the limit. */
  readonly end: string;
  readonly message: string;
  /** Requests that were sent. */
  readonly invocations: number;
}

/** Runs a cell in a session of the attack. */
export async function hostileService(
  context: CaseContext,
  argument: AgentCoreArgument,
): Promise<AgentCoreOutcome> {
  await runCell({ attack: "answers as it should" }); // loads the SDK
  await runCell({ attack: "answers as it should", install: "open" });
  return await runCell(argument, () => context.measure());
}

async function runCell(
  { attack, install, ...limits }: AgentCoreArgument,
  ready: () => unknown = () => {},
): Promise<AgentCoreOutcome> {
  const service = fork(SERVICE, [attack], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [port] = (await once(service, "message")) as [number];
  const sandbox = agentcore({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    invocationsPerSecond: 0,
    maxAttempts: 2,
    ...(install === undefined ? {} : { install }),
  });
  await ready();
  const end = await run(sandbox, limits).catch((error: unknown) => ({
    end: isToolscriptError(error) ? error.code : "foreign error",
    message: String(error),
  }));
  await sandbox.close().catch(() => {}); // the service may be beyond stopping
  service.disconnect();
  return { ...end, invocations: sandbox.stats().invocations };
}

async function run(
  sandbox: ReturnType<typeof agentcore>,
  limits: { runningMs?: number; totalMs?: number },
): Promise<{ end: string; message: string }> {
  const session = await openScriptSession({
    sandbox,
    tools: [echo, WAIT, LARGE],
    limits: { runningMs: 3_000, totalMs: 8_000, interruptGraceMs: 300, ...limits },
  });
  const result = await session.run("pass").result;
  return { end: `result ${String(result.limit)}`, message: result.stderr };
}

const WAIT: Tool = returning("wait", () => new Promise(() => {}));
const LARGE: Tool = returning("large", () => sleep(10).then(() => LARGE_TEXT));
