/** What checks of inputs have in common, whatever the schema is written in. */
import type { InputIssue } from "./input-message.ts";
import type { MaybePromise } from "./maybe-promise.ts";

/** What a check found. */
export type Checked = (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly InputIssue[] }
) & {
  /** Processor time of a check that was not made at once, in milliseconds. */
  readonly usedMs?: number;
};

/** How one input is checked. */
export interface CheckOptions {
  /** Whose input it is: a session, a request or a tool. Long checks of one owner run one after the other. */
  readonly owner: object;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** How many problems with fields that are null are of interest, beyond the first few. @default 0 */
  readonly optionalNulls?: number;
}

/** Checks one input; never changes it. Small inputs are checked at once. */
export type CheckInput = (input: unknown, options: CheckOptions) => MaybePromise<Checked>;

/** Levels of objects and arrays in an input that is not small. */
export const DEFAULT_MAX_INPUT_DEPTH = 1_000;
/** Parts up to which an input is small. */
export const SMALL_INPUT_PARTS = 500;
/** Parts of an input that are looked at between two looks at the clock. */
export const PARTS_A_LOOK = 2_000;

/** A refusal of the input as a whole. */
export function refuseInput(text: string, usedMs?: number): Checked {
  return { ok: false, issues: [{ path: [], text }], ...(usedMs === undefined ? {} : { usedMs }) };
}

/** What is said of an input with too many levels. */
export const TOO_DEEP = "is nested too deeply to be checked";
