/**
 * What a scenario is: the answers that stand in for a model, in tests, demos and offline work.
 *
 * Types only. The scripted model and the Bedrock emulator both play scenarios; each has a player of its own, so that
 * the emulator stays an independent check of the adapters that talk to it.
 */
import type { ContentBlock, ModelRequest, ModelUsage } from "./model.ts";

/** One answer of the scenario. */
export interface ScenarioTurn {
  /**
   * The answer's blocks; a string is one text block. A `tool_use` block without `id` gets one. An `input` that is a
   * string is the raw text of the input: cut it short to play an answer that ended at `max_tokens`.
   */
  readonly content: string | readonly ContentBlock[];
  /** @default "tool_use" when the content holds a `tool_use` block, otherwise "end_turn" */
  readonly stop_reason?: string;
  /** The stop sequence that was met. @default null */
  readonly stop_sequence?: string;
  /** Token counts to report. @default nothing in the scripted model, an estimate in the emulator */
  readonly usage?: ModelUsage;
  /** Milliseconds before the first event. @default 0 */
  readonly delayMs?: number;
  /** Milliseconds between two events of a stream. @default 0 */
  readonly eventDelayMs?: number;
  /** A text that the request's last message must contain; otherwise the request is a mismatch. */
  readonly expect?: string;
}

/**
 * Chooses the answer by the request. `turnIndex` counts the answers that the request's history already holds, from 0.
 * Nothing returned means that the scenario has no answer for this request.
 */
export type ScenarioFunction = (
  request: ModelRequest,
  turnIndex: number,
) => ScenarioTurn | undefined | Promise<ScenarioTurn | undefined>;

/**
 * A scenario: a list of turns, or a function.
 *
 * The turn of a list is chosen by the answers that the request's history already holds, not by a counter: a scenario has
 * no state, so retries, concurrent conversations and second runs all read it alike.
 */
export type Scenario = readonly ScenarioTurn[] | ScenarioFunction;
