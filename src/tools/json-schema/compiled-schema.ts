/**
 * A compiled schema and what a check with it finds: the verdict first, and only for an input that does not fit a second
 * pass that collects the first few problems. Both passes are bounded by whoever runs them.
 */
import type { ErrorObject, ValidateFunction } from "ajv";
import { toAjvIssues } from "../ajv-issues.ts";
import type { InputIssue, WideKeys } from "../input-message.ts";
import type { JsonSchema } from "../tool.ts";
import type { InputSize } from "../input-size.ts";
import { compileSchema, type CompileOptions } from "./compile.ts";
import { workMeter } from "./work-meter.ts";

/** Problems that are collected before a check gives up to find all of them. */
export const DEFAULT_MAX_ISSUES = 100;

/** Errors of one pass that are read: those of the last union stand last. */
const MAX_READ_ERRORS = 1_000;

/** What a check found. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly issues: readonly InputIssue[] };

/** What a bounded run gives: the value, or that the bound was reached. */
export type Bounded<Value> = { readonly done: true; readonly value: Value } | { readonly done: false };

/** Runs a job within bounds: it collects at most `maxErrors` problems. */
export type Bound = <Value>(job: () => Value, maxErrors: number) => Bounded<Value>;

/** Which problems are of interest. */
export interface Interest {
  /** Whether more than the first one is. @default true */
  readonly collects?: boolean;
  /** How many problems with fields that are null, beyond the first few. @default 0 */
  readonly optionalNulls?: number | undefined;
  /** The keys of objects of the input that have very many, where they are known. */
  readonly wideKeys?: WideKeys;
}

/** How a schema is to be read. */
export type SchemaDialect = Omit<CompileOptions, "allErrors">;

/** A schema, compiled for one of the two passes, or for both. */
export class CompiledSchema {
  readonly #schema: JsonSchema;
  readonly #dialect: SchemaDialect;
  readonly #validate: ValidateFunction;
  #validateFully: ValidateFunction | undefined;

  /** @throws {Error} when the schema is not valid */
  constructor(schema: JsonSchema, dialect: SchemaDialect) {
    this.#schema = schema;
    this.#dialect = dialect;
    this.#validate = compileSchema(schema, { ...dialect, allErrors: false });
  }

  /**
   * Whether an input fits; undefined when so many steps are not enough to tell. Nothing is made for it: nearly all inputs fit,
   * and what does not is checked once more to say why.
   *
   * @throws {RangeError} when the input is nested too deeply for this thread
   */
  fits(input: unknown, steps: number, size: InputSize): boolean | undefined {
    try {
      return workMeter.run(this.#validate, input, steps, size);
    } finally {
      this.#validate.errors = null;
    }
  }

  /**
   * Checks an input, within the bound.
   *
   * @returns undefined when the bound was reached before there was a verdict
   * @throws {RangeError} when the input is nested too deeply for this thread
   */
  check(
    input: unknown,
    bound: Bound,
    { collects = true, optionalNulls = 0, wideKeys }: Interest = {},
  ): Verdict | undefined {
    const first = bound(() => this.#validate(input), Infinity);
    const problems = takeErrors(this.#validate);
    if (!first.done) return undefined;
    if (first.value) return { ok: true };
    const all = collects ? this.#collect(input, bound, DEFAULT_MAX_ISSUES + optionalNulls) : [];
    return {
      ok: false,
      issues: toAjvIssues(all.length > 0 ? all : problems.slice(-MAX_READ_ERRORS), input, wideKeys),
    };
  }

  /** All problems, or none when they are too many, take too long, or cannot be had: then the first pass has to do. */
  #collect(input: unknown, bound: Bound, maxErrors: number): readonly ErrorObject[] {
    try {
      const bounded = bound(() => this.#toFull()(input), maxErrors);
      const errors = this.#validateFully === undefined ? [] : takeErrors(this.#validateFully);
      return bounded.done ? errors : [];
    } catch {
      // Too deep, or an error in what the compiler made of it. The verdict stands, whatever this pass was to add.
      return [];
    }
  }

  #toFull(): ValidateFunction {
    this.#validateFully ??= compileSchema(this.#schema, { ...this.#dialect, allErrors: true });
    return this.#validateFully;
  }
}

/** Ajv keeps the errors, and with them the input, until the next check. */
function takeErrors(validate: ValidateFunction): readonly ErrorObject[] {
  const errors = validate.errors ?? [];
  validate.errors = null;
  return errors;
}
