/**
 * Puts the expense auditor's question in three ways and sets the results beside each other.
 */
import { openExpenseDatabase } from "../../../examples/expense-auditor/data.ts";
import { type Finding, findExpectedFindings } from "../../../examples/expense-auditor/expected.ts";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import type { TimedHappening } from "../../agent/agent-event.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { createTokenCounter, loadTokenizer } from "./count-tokens.ts";
import { runWay, type WayResult } from "./run-way.ts";
import { type Way, WAYS } from "./ways.ts";

/** Options of {@link compareWays}. */
export interface CompareOptions {
  /** Where the script of the programmatic way runs. */
  readonly sandbox: Sandbox;
  /** Scales the tools' waits. @default 1 */
  readonly delayMultiplier?: number;
  readonly signal?: AbortSignal;
  /** Hears that the sandbox is being prepared. */
  readonly onPreparing?: () => void;
  readonly onWayStarted?: (way: Way) => void;
  readonly onHappening?: (way: Way, event: TimedHappening) => void;
  readonly onWayFinished?: (result: WayResult) => void;
}

/** The three results. */
export interface Comparison {
  readonly question: string;
  /** The right answer, from SQL. */
  readonly expected: readonly Finding[];
  /** In the order in which they ran. */
  readonly ways: readonly WayResult[];
  /** Input tokens that the script saves against the parallel way, in percent. */
  readonly savedPercent: number;
  /** Milliseconds that one start of the sandbox took beforehand; a first use builds its snapshot then. */
  readonly preparedMs: number;
}

/** Runs the three ways, one after another. @throws {ToolscriptError} what the model and the sandbox throw, and `aborted` */
export async function compareWays(options: CompareOptions): Promise<Comparison> {
  const { sandbox, delayMultiplier = 1, signal, onHappening } = options;
  const tokens = createTokenCounter(await loadTokenizer());
  options.onPreparing?.();
  const preparedMs = await prepareSandbox(sandbox, signal);
  const database = openExpenseDatabase();
  try {
    const expected = findExpectedFindings(database);
    const results: WayResult[] = [];
    for (const way of WAYS) {
      options.onWayStarted?.(way);
      const result = await runWay(way, {
        sandbox,
        database,
        expected,
        tokens,
        delayMultiplier,
        ...(signal && { signal }),
        ...(onHappening && { onHappening }),
      });
      options.onWayFinished?.(result);
      results.push(result);
    }
    const savedPercent = toSavedPercent(results);
    return { question: QUESTION, expected, ways: results, savedPercent, preparedMs };
  } finally {
    database.close();
  }
}

/** Starts and ends one interpreter, so that what a first use builds is not counted as the script's time. */
async function prepareSandbox(sandbox: Sandbox, signal?: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const session = await sandbox.open(signal && { signal });
  await session.close();
  return performance.now() - startedAt;
}

/** Rounded down to a tenth, so that it never claims more than there is. */
function toSavedPercent(results: readonly WayResult[]): number {
  const tokensOf = (name: string) => results.find((one) => one.name === name)?.inputTokens ?? 0;
  return Math.floor((1 - tokensOf("programmatic") / tokensOf("parallel")) * 1000) / 10;
}
