/**
 * The demo's result as one JSON object.
 */
import type { Finding } from "../../../examples/expense-auditor/expected.ts";
import type { Comparison } from "./compare-ways.ts";
import type { WayResult } from "./run-way.ts";
import type { WayName } from "./ways.ts";

/** One way as `--json` prints it; milliseconds are whole. */
export type WayJson = Pick<
  WayResult,
  | "answer"
  | "correct"
  | "samples"
  | "toolCalls"
  | "maxInFlight"
  | "inputTokens"
  | "outputTokens"
  | "toolMs"
  | "sandboxMs"
>;

/** What `--json` prints. */
export interface DemoJson {
  readonly question: string;
  readonly expected: readonly Finding[];
  /** Always true: no model is called. */
  readonly scripted: true;
  readonly ways: Readonly<Record<WayName, WayJson>>;
  readonly savedPercent: number;
}

/** Converts a comparison. */
export function toDemoJson({ question, expected, ways, savedPercent }: Comparison): DemoJson {
  const entries = ways.map((way) => [way.name, toWayJson(way)] as const);
  return {
    question,
    expected,
    scripted: true,
    ways: Object.fromEntries(entries) as Record<WayName, WayJson>,
    savedPercent,
  };
}

function toWayJson(way: WayResult): WayJson {
  const { answer, correct, samples, toolCalls, maxInFlight, inputTokens, outputTokens } = way;
  return {
    answer,
    correct,
    samples,
    toolCalls,
    maxInFlight,
    inputTokens,
    outputTokens,
    toolMs: Math.round(way.toolMs),
    sandboxMs: Math.round(way.sandboxMs),
  };
}
