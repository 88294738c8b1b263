/**
 * Runs a hostile case in a process of its own, so that a test outlives what the case ends, and says what it cost.
 *
 * A case is an exported async function `(context, argument) => value` in `test/hostile/cases/`: it prepares, calls
 * `context.measure()`, does its worst, and returns what JSON can carry. An uncaught error of the process, a rejection that nobody
 * handles, or its death fails the test that runs it.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type Cost, leastOf, MAX_TURN_MS } from "./measure.ts";

/** Seconds for each generator: 0 for the short form that belongs to every run of the tests. */
export const HOSTILE_SECONDS = Number(process.env["HOSTILE_SECONDS"] ?? 0);

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const CASES = fileURLToPath(new URL("cases/", import.meta.url));

/** Options of {@link runCase}. */
export interface RunCaseOptions {
  /** Given to the case. */
  readonly argument?: unknown;
  /** Time after which the process is ended and the test fails. @default 60_000 */
  readonly timeoutMs?: number;
  /** The process's largest heap in megabytes. @default 512 */
  readonly heapMb?: number;
}

/** What a case gave and cost. */
export interface CaseReport {
  readonly value: unknown;
  readonly cost: Cost;
  readonly stderr: string;
}

/** Runs the case `name` of `test/hostile/cases/<file>`. */
export async function runCase(file: string, name: string, options: RunCaseOptions = {}): Promise<CaseReport> {
  const { argument = null, timeoutMs = 60_000, heapMb = 512 } = options;
  const child = fork(CHILD, [CASES + file, name, JSON.stringify(argument)], {
    execArgv: ["--expose-gc", `--max-old-space-size=${heapMb}`],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-8_192)));
  let report: Omit<CaseReport, "stderr"> | undefined;
  child.on("message", (message) => (report = message as Omit<CaseReport, "stderr">));
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const how = await new Promise<string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  clearTimeout(timer);
  if (report !== undefined && how === "exit code 0") return { ...report, stderr };
  throw new Error(`The process of the case "${name}" ended with ${how}: ${stderr}`);
}

/** As {@link runCase}, for what the case costs: again, up to twice, when a turn was too long. */
export function measureCase(file: string, name: string, options: RunCaseOptions = {}): Promise<CaseReport> {
  return leastOf(() => runCase(file, name, options));
}

/** Fails unless no turn was too long and no more memory was held than `maxHeldBytes`. */
export function expectBounded({ cost }: CaseReport, maxHeldBytes: number): void {
  expect(cost.longestTurnMs, "processor time of the longest turn, in ms").toBeLessThanOrEqual(MAX_TURN_MS);
  expect(cost.heldBytes, "bytes held").toBeLessThanOrEqual(maxHeldBytes);
}
