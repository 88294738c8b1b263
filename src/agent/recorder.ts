/**
 * Records what happens in one run and derives every figure of the answer from it.
 *
 * Guarantee: a figure in the answer can be found again in its events.
 */
import type { ModelMessage } from "../model/model.ts";
import type { CellResult } from "../script/script-run.ts";
import type {
  AgentAnswer,
  AgentHappening,
  AgentStopReason,
  AgentTokens,
  TimedHappening,
} from "./agent-event.ts";
import { createToolClock } from "./tool-clock.ts";

/** What the end of a run adds to the recorded figures. */
export interface RunEnd {
  readonly text: string;
  readonly stopReason: AgentStopReason;
  readonly scripted: boolean;
  readonly messages: readonly ModelMessage[];
}

/** The record of one run. */
export class Recorder {
  readonly #startedAt = performance.now();
  readonly #events: TimedHappening[] = [];
  readonly #listener: ((event: TimedHappening) => void) | undefined;
  readonly #clock = createToolClock();
  readonly #tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  #samples = 0;
  #cells = 0;
  #maxInFlight = 0;
  #keptOutBytes = 0;
  #sandboxMs = 0;

  /** `listener` hears every happening, deltas too, at the moment when it happens. */
  constructor(listener?: (event: TimedHappening) => void) {
    this.#listener = listener;
  }

  /** Milliseconds since the run began. */
  get atMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Requests to the model so far. */
  get samples(): number {
    return this.#samples;
  }

  record(happening: AgentHappening): void {
    const event: TimedHappening = { atMs: this.atMs, ...happening };
    this.#count(event);
    if (event.type !== "text-delta" && event.type !== "code-delta") this.#events.push(event);
    this.#listener?.(event);
  }

  toAnswer(end: RunEnd): AgentAnswer {
    return {
      text: end.text,
      stopReason: end.stopReason,
      samples: this.#samples,
      cells: this.#cells,
      toolCalls: this.#clock.calls,
      maxInFlight: Math.max(this.#maxInFlight, this.#clock.maxInFlight),
      tokens: { ...this.#tokens } satisfies AgentTokens,
      keptOutBytes: this.#keptOutBytes,
      toolMs: this.#clock.busyMs,
      sandboxMs: this.#sandboxMs,
      scripted: end.scripted,
      events: this.#events,
      messages: end.messages,
    };
  }

  #count(event: TimedHappening): void {
    if (event.type === "sample-started") this.#samples += 1;
    else if (event.type === "sample-finished") this.#countTokens(event);
    else if (event.type === "session-opened") this.#sandboxMs += event.ms;
    else if (event.type === "cell-started") this.#cells += 1;
    else if (event.type === "tool-call") this.#clock.start(event.id);
    else if (event.type === "tool-result") this.#clock.end(event.id);
    else if (event.type === "cell-finished") this.#countCell(event.cell, event.result);
  }

  #countTokens({ usage }: Extract<TimedHappening, { type: "sample-finished" }>): void {
    this.#tokens.input += usage.input_tokens ?? 0;
    this.#tokens.output += usage.output_tokens ?? 0;
    this.#tokens.cacheRead += usage.cache_read_input_tokens ?? 0;
    this.#tokens.cacheWrite += usage.cache_creation_input_tokens ?? 0;
  }

  #countCell(cell: number, result: CellResult | null): void {
    this.#clock.endAll(toCallIdPrefix(cell));
    if (result === null) return;
    const { stats, stdout, stderr } = result;
    const printedBytes = Buffer.byteLength(stdout) + Buffer.byteLength(stderr);
    this.#sandboxMs += stats.runningMs;
    this.#keptOutBytes += Math.max(0, stats.resultBytes - printedBytes);
    this.#maxInFlight = Math.max(this.#maxInFlight, stats.maxInFlight);
  }
}

/** What the ids of a cell's calls begin with. */
export function toCallIdPrefix(cell: number): string {
  return `cell-${cell}/`;
}
