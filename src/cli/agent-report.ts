/**
 * What an agent does, in words: lines that stay, a status that changes, the figures at the end.
 */
import type { AgentAnswer, TimedHappening } from "../agent/agent-event.ts";
import type { CellResult } from "../script/script-run.ts";
import { countOf } from "./count-of.ts";

/** A line for what happened, or nothing for what is only worth a status. */
export function describeEvent(event: TimedHappening): string | undefined {
  switch (event.type) {
    case "model-retry":
      return `sample ${event.sample}: attempt ${event.attempt} failed (${event.reason}), next in ${toSeconds(event.delayMs)}`;
    case "sample-finished": {
      const { input_tokens: input, output_tokens: output } = event.usage;
      const tokens = `${input ?? "?"} tokens in, ${output ?? "?"} out`;
      return `sample ${event.sample}: ${event.stopReason ?? "no stop reason"}, ${tokens}, ${toSeconds(event.ms)}`;
    }
    case "cell-started":
      return `cell ${event.cell}: script of ${countOf(countLines(event.code), "line")}`;
    case "cell-finished":
      return `cell ${event.cell}: ${describeCell(event.result, event.error)}`;
    default:
      return undefined;
  }
}

/** What a person wants to see on a status line after `event`. */
export function describeStatus(event: TimedHappening, calls: number): string | undefined {
  switch (event.type) {
    case "sample-started":
      return `Sample ${event.sample}: waiting for the model`;
    case "code-delta":
      return `Sample ${event.sample}: the model writes a script`;
    case "text-delta":
      return `Sample ${event.sample}: the model answers`;
    case "cell-started":
      return `Cell ${event.cell}: starting`;
    case "tool-call":
    case "tool-result":
      return `${countOf(calls, "call")}, last "${event.tool}"`;
    default:
      return undefined;
  }
}

/** The answer's figures, on one line. */
export function describeFigures(answer: AgentAnswer): string {
  const { samples, toolCalls, maxInFlight, tokens, keptOutBytes } = answer;
  return [
    countOf(samples, "sample"),
    `${countOf(toolCalls, "tool call")} (at most ${maxInFlight} at once)`,
    `${tokens.input} tokens in, ${tokens.output} out`,
    `${keptOutBytes} bytes kept out of the context`,
  ].join(" · ");
}

function describeCell(result: CellResult | null, error: string | undefined): string {
  if (result === null) return `ended with its session: ${error ?? "no reason given"}`;
  const { calls, waves, totalMs } = result.stats;
  const figures = `${countOf(calls, "call")} in ${countOf(waves, "wave")}, ${toSeconds(totalMs)}`;
  if (result.returnCode === 0) return `done, ${figures}`;
  const lastLine = result.stderr.trimEnd().split("\n").at(-1) ?? "";
  return `return code ${result.returnCode}, ${figures}; ${lastLine}`;
}

function countLines(code: string): number {
  return code.trimEnd().split("\n").length;
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`;
}
