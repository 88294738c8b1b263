/**
 * The demo's result for people: the answer, a table, bars, and what the figures are and are not.
 */
import Table from "cli-table3";
import { ENGINEERING_Q3_RECORDS } from "../../../examples/expense-auditor/generate-expenses.ts";
import type { Printable } from "../output.ts";
import type { Comparison } from "./compare-ways.ts";
import { TOKENIZER_NAME } from "./count-tokens.ts";
import { describeAssumptions, toModelledSeconds } from "./modelled-seconds.ts";
import type { WayResult } from "./run-way.ts";

/** Characters of the longest bar. */
const BAR_WIDTH = 44;

/** Columns to which the notes are wrapped. */
const NOTE_WIDTH = 100;

/** Context window of many models, in tokens: what a single request must fit into. */
const COMMON_CONTEXT_TOKENS = 200_000;

/** No lines between the rows of the table. */
const TABLE_CHARS = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };

/** Options of {@link formatReport}. */
export interface ReportOptions {
  /** Scale of the tools' waits that the ways ran with. @default 1 */
  readonly delayMultiplier?: number;
}

/** Writes the whole report, ending in a line end. */
export function formatReport(comparison: Comparison, options: ReportOptions = {}): readonly Printable[] {
  const { delayMultiplier = 1 } = options;
  const { ways, question } = comparison;
  const records = ENGINEERING_Q3_RECORDS.toLocaleString("en-US");
  return [
    ...toSection("Question", question),
    ...toSection("Answer, from what the script printed", ways.at(-1)?.answer ?? ""),
    ...toSection(`Three ways over ${records} records`, toTable(ways)),
    ...toSection(
      "Input tokens, all samples together",
      toBars(ways, (way) => way.inputTokens, toCount),
    ),
    ...toSection(
      "Samples",
      toBars(ways, (way) => way.samples, toCount),
    ),
    ...toSection("Tools and sandbox, seconds, measured", toBars(ways, toMeasuredSeconds, toSeconds)),
    ...toSection("Model, seconds, modelled and not measured", toBars(ways, toModelledSeconds, toSeconds)),
    `${toConclusion(comparison)}\n\n`,
    { style: "bold", text: "What this is" },
    `\n${toNotes(comparison, delayMultiplier)}\n`,
  ];
}

function toSection(title: string, text: string): readonly Printable[] {
  return [{ style: "bold", text: title }, `\n${text}\n\n`];
}

type Row = readonly [label: string, value: (way: WayResult) => string];

const ROWS: readonly Row[] = [
  ["answer", (way) => (way.correct ? "correct" : "WRONG")],
  ["samples", (way) => toCount(way.samples)],
  ["tool calls", (way) => toCount(way.toolCalls)],
  ["tool calls at once, at most", (way) => toCount(way.maxInFlight)],
  ["input tokens, all samples (estimate)", (way) => toCount(way.inputTokens)],
  ["input tokens, largest request", (way) => toCount(way.largestRequestTokens)],
  ["output tokens (estimate)", (way) => toCount(way.outputTokens)],
  ["kept out of the context", (way) => toKibibytes(way.keptOutBytes)],
  ["tools, measured", (way) => toSeconds(way.toolMs / 1000)],
  ["sandbox, measured", (way) => toSeconds(way.sandboxMs / 1000)],
  ["model, modelled", (way) => toSeconds(toModelledSeconds(way))],
  ["model, modelled, perfect prompt cache", (way) => toSeconds(toCachedSeconds(way))],
];

function toTable(ways: readonly WayResult[]): string {
  const table = new Table({
    head: ["", ...ways.map(({ title }) => title)],
    colAligns: ["left", ...ways.map(() => "right" as const)],
    chars: TABLE_CHARS,
    style: { head: [], border: [] },
  });
  table.push(...ROWS.map(([label, value]) => [label].concat(ways.map(value))));
  return table.toString();
}

function toBars(
  ways: readonly WayResult[],
  value: (way: WayResult) => number,
  format: (value: number) => string,
): string {
  const largest = Math.max(1e-9, ...ways.map(value));
  const labelWidth = Math.max(...ways.map((way) => way.title.length));
  const lines = ways.map((way) => {
    const length = Math.round((value(way) / largest) * BAR_WIDTH);
    const bar = length === 0 ? "▏" : "█".repeat(length);
    return `  ${way.title.padEnd(labelWidth)}  ${bar} ${format(value(way))}`;
  });
  return lines.join("\n");
}

/** A cache that never misses reads each token of the history once: as many as the largest request has. */
function toCachedSeconds(way: WayResult): number {
  return toModelledSeconds({ ...way, inputTokens: way.largestRequestTokens });
}

function toMeasuredSeconds(way: WayResult): number {
  return (way.toolMs + way.sandboxMs) / 1000;
}

function toConclusion({ ways, savedPercent }: Comparison): string {
  const script = ways.find(({ name }) => name === "programmatic");
  const largest = Math.max(...ways.map((way) => way.largestRequestTokens));
  const saved =
    `The script needs ${script?.samples ?? 0} samples and ${savedPercent} % fewer input tokens than parallel tool ` +
    "calls, the stronger rival.";
  const room =
    largest > COMMON_CONTEXT_TOKENS
      ? ` Their last request has ${toCount(largest)} tokens, more than the ${toCount(COMMON_CONTEXT_TOKENS)} that ` +
        "many models take."
      : "";
  return wrap(saved + room);
}

function toNotes({ preparedMs }: Comparison, delayMultiplier: number): string {
  const notes = [
    "No model was called: the model's words are scripted, and each number in them is computed from the tool results or " +
      "the script output in its request. Everything else is real: the AWS SDK, its HTTP requests to a local Bedrock " +
      "emulator, the tools, the sandbox. The expected answer comes from SQL.",
    `Tokens are an estimate (${TOKENIZER_NAME}) over the request bodies that were sent. Each sample sends the history ` +
      "again, and each time it counts. The scripted model adds up raw records without a mistake, as real ones may not.",
    `Tool and sandbox seconds were measured. The tools wait ${describeWaits(delayMultiplier)}. The sandbox was started ` +
      `once beforehand (${toSeconds(preparedMs / 1000)}; the first time on a machine builds its snapshot), which is not ` +
      "counted.",
    `Model seconds are modelled, not measured: ${describeAssumptions()}. With a perfect prompt cache each token of the ` +
      "history is read once.",
  ];
  return [...notes.map((note) => wrap(note)), "", ...REAL_MODEL].join("\n");
}

const REAL_MODEL = [
  "With a real model, in a checkout (--calling direct for the other ways):",
  '  npm run -s toolscript -- run "$(node examples/expense-auditor/print-question.ts)" \\',
  "    --tools examples/expense-auditor/tools.ts --model bedrock:global.anthropic.claude-sonnet-5",
];

/** Breaks text into lines of at most {@link NOTE_WIDTH} columns, indented from the second on. */
function wrap(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length + 1 > NOTE_WIDTH) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

function describeWaits(delayMultiplier: number): string {
  const waits = [100, 200, 50].map((ms) => ms * delayMultiplier);
  return `${waits.join(", ")} ms, as the services behind them would`;
}

function toCount(value: number): string {
  return value.toLocaleString("en-US");
}

function toSeconds(seconds: number): string {
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

function toKibibytes(bytes: number): string {
  return bytes === 0 ? "0" : `${toCount(Math.round(bytes / 1024))} KiB`;
}
