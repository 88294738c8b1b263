/**
 * Counts the work of a check while it runs, and ends it when there is too much: the one way to bound code that nothing
 * can interrupt.
 *
 * A step stands for 1 to 8 ns. One meter serves the whole thread, since a
 * check is never interrupted by another one.
 */

import type { InputSize } from "../input-size.ts";

/** Steps that stand for looking at one part of an input with one keyword. */
const PART_STEPS = 2;
/** As {@link PART_STEPS}, where a part that does not fit is an error that is made and thrown away. */
const CHOICE_PART_STEPS = 16;
/** Steps that stand for listing one key of a large object. */
const KEY_STEPS = 32;
/** Steps of a pattern, as its cost counts them, for one of these: the count is an upper bound, and far from most texts. */
const PATTERN_STEPS = 8;

/** Characters that are compared in a step. */
export const CHARS_A_STEP = 16;
/** Characters that are made a key in a step. */
const HASHED_CHARS_A_STEP = 4;

/** Thrown in the middle of a check that takes more steps than it may. */
export class OutOfSteps extends Error {}

/** What {@link WorkMeter.measure} gives. */
export type Metered<Value> = { readonly done: true; readonly value: Value } | { readonly done: false };

class WorkMeter {
  /** Steps left; infinite where something else ends the work. */
  left = Infinity;
  /** Errors that a check may collect. */
  maxErrors = Infinity;
  size: InputSize | undefined;
  /** Steps that the last {@link run} took. */
  usedSteps = 0;

  /** Runs `job` with so many steps. */
  measure<Value>(
    job: () => Value,
    steps: number,
    size: InputSize | undefined,
    maxErrors = Infinity,
  ): Metered<Value> {
    this.left = steps;
    this.size = size;
    this.maxErrors = maxErrors;
    try {
      return { done: true, value: job() };
    } catch (error) {
      if (error instanceof OutOfSteps) return { done: false };
      throw error;
    } finally {
      this.left = Infinity;
      this.size = undefined;
      this.maxErrors = Infinity;
    }
  }

  /** Whether `test` says yes of `input`; undefined when so many steps are not enough to tell. */
  run(
    test: (input: unknown) => unknown,
    input: unknown,
    steps: number,
    size: InputSize,
  ): boolean | undefined {
    this.left = steps;
    this.size = size;
    try {
      return test(input) === true;
    } catch (error) {
      if (error instanceof OutOfSteps) return undefined;
      throw error;
    } finally {
      this.usedSteps = steps - this.left;
      this.left = Infinity;
      this.size = undefined;
    }
  }

  /** Takes steps. @throws {OutOfSteps} */
  take(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new OutOfSteps();
  }

  /** Takes what looking at `keywords` keywords costs. */
  takeParts(keywords: number): void {
    this.take(keywords * PART_STEPS);
  }

  /** Takes what looking at `keywords` keywords costs where nobody minds if they do not fit. */
  takeChoice(keywords: number): void {
    this.take(keywords * CHOICE_PART_STEPS);
  }

  /** Takes what matching a text against a pattern costs. Nothing is computed where nothing is counted. */
  takePattern(cost: (chars: number) => number, chars: number): void {
    if (this.left !== Infinity) this.take(cost(chars) / PATTERN_STEPS);
  }

  /** Takes what listing the keys of `data` costs. */
  takeKeys(data: unknown): void {
    const keys = this.size?.wideKeys.get(data);
    if (keys !== undefined) this.take(keys.length * KEY_STEPS);
  }

  /** Takes what finding two equal items costs: each with each, unless they are scalars of known types. */
  takePairs(data: unknown, areScalars: boolean): void {
    if (!Array.isArray(data) || this.left === Infinity) return;
    const { parts, chars } = this.size ?? { parts: data.length, chars: 0 };
    if (areScalars) this.take(parts * PART_STEPS + chars / HASHED_CHARS_A_STEP);
    else this.take((parts * PART_STEPS + chars / CHARS_A_STEP) * (data.length / 2));
  }

  /** Ends a check that has collected enough errors. */
  countErrors(errors: number): void {
    if (errors > this.maxErrors) throw new OutOfSteps();
  }
}

/** The meter of this thread. */
export const workMeter = new WorkMeter();
