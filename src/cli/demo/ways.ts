/**
 * The three ways in which the demo puts its question.
 */
import {
  parallelScenario,
  programmaticScenario,
  sequentialScenario,
} from "../../../examples/expense-auditor/scenario.ts";
import type { Calling } from "../../agent/toolbox.ts";
import type { ScenarioFunction } from "../../model/scenario.ts";

/** Names of the ways, in the order in which they run. */
export const WAY_NAMES = ["sequential", "parallel", "programmatic"] as const;
export type WayName = (typeof WAY_NAMES)[number];

/** One way to use the tools. */
export interface Way {
  readonly name: WayName;
  /** For the head of a column. */
  readonly title: string;
  readonly calling: Calling;
  /** Whether the model may ask for several tools in one sample. */
  readonly parallelToolUse: boolean;
  /** What stands in for the model. */
  readonly scenario: ScenarioFunction;
}

/** Every way. */
export const WAYS: readonly Way[] = [
  {
    name: "sequential",
    title: "one tool per sample",
    calling: "direct",
    parallelToolUse: false,
    scenario: sequentialScenario,
  },
  {
    name: "parallel",
    title: "parallel tools",
    calling: "direct",
    parallelToolUse: true,
    scenario: parallelScenario,
  },
  {
    name: "programmatic",
    title: "one script",
    calling: "programmatic",
    parallelToolUse: true,
    scenario: programmaticScenario,
  },
];
