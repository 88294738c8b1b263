/**
 * `toolscript demo`: runs the comparison, shows progress while it runs, prints the result.
 */
import type { TimedHappening } from "../../agent/agent-event.ts";
import { EXIT_CODES } from "../failure.ts";
import { createProgress, type Progress } from "../progress.ts";
import { DEFAULT_SANDBOX, resolveSandboxOrEmulator } from "../resolve-sandbox.ts";
import { type Comparison, compareWays, type CompareOptions } from "./compare-ways.ts";
import { toDemoJson } from "./demo-json.ts";
import { formatReport } from "./report.ts";
import { type Way, WAYS } from "./ways.ts";

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Name of the sandbox. @default "wasm" */
  readonly sandbox?: string;
  /** Prints one JSON object and no progress. @default false */
  readonly json?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs the demo; gives the exit code, which is 1 when an answer is wrong. */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const { sandbox: sandboxName = DEFAULT_SANDBOX, json = false, signal } = options;
  const sandbox = await resolveSandboxOrEmulator(sandboxName);
  const progress = createProgress({ quiet: json });
  try {
    const comparison = await compareWays({
      sandbox,
      ...(signal && { signal }),
      ...createListeners(progress),
    });
    progress.close();
    print(comparison, json, progress);
    return comparison.ways.every(({ correct }) => correct) ? EXIT_CODES.ok : EXIT_CODES.failed;
  } finally {
    progress.close();
    await sandbox.close();
  }
}

function print(comparison: Comparison, json: boolean, progress: Progress): void {
  if (json) progress.write(process.stdout, `${JSON.stringify(toDemoJson(comparison))}\n`);
  else progress.write(process.stdout, "\n", ...formatReport(comparison));
}

type Listeners = Pick<CompareOptions, "onPreparing" | "onWayStarted" | "onHappening" | "onWayFinished">;

function createListeners(progress: Progress): Listeners {
  let samples = 0;
  let calls = 0;
  return {
    onPreparing() {
      progress.note("The model in this demo is scripted: no model is called.");
      progress.note("Starting the sandbox once; the first time on a machine builds its snapshot …");
    },
    onWayStarted(way) {
      samples = 0;
      calls = 0;
      progress.note(`${WAYS.indexOf(way) + 1}/${WAYS.length} ${way.title} …`);
    },
    onHappening(way, event) {
      if (event.type === "sample-started") samples += 1;
      if (event.type === "tool-call") calls += 1;
      progress.status(describe(way, event, samples, calls));
    },
    onWayFinished({ correct, samples: all, toolCalls, totalMs }) {
      const verdict = correct ? "correct" : "WRONG";
      progress.note(
        `    ${verdict}: ${all} samples, ${toolCalls} tool calls, ${(totalMs / 1000).toFixed(1)} s`,
      );
    },
  };
}

function describe(way: Way, event: TimedHappening, samples: number, calls: number): string {
  const doing = event.type === "cell-started" ? ", the script runs" : "";
  return `${way.title}: sample ${samples}, ${calls} tool calls${doing}`;
}
