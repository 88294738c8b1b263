/**
 * Lets null stand for "not given" where a parameter is optional and its schema has no null: the Python signature shows such
 * a parameter as `= None`, and a script may well pass what it shows.
 */
import type { Checked, CheckInput, CheckOptions } from "./check-input.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { JsonSchema } from "./tool.ts";

/** Checks of one input, each without the nulls that the one before refused. One is enough unless a check tells little. */
const MAX_ROUNDS = 5;

/** Wraps a check: an optional field that is null, and refused for it, is left out. */
export function withOptionalNulls(check: CheckInput, schema: JsonSchema): CheckInput {
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : []);
  const retry = new Retry(check, required);
  return (input, options) =>
    chain(check(input, options), (first) => (first.ok ? first : retry.run(first, input, options)));
}

class Retry {
  readonly #check: CheckInput;
  readonly #required: ReadonlySet<unknown>;

  constructor(check: CheckInput, required: ReadonlySet<unknown>) {
    this.#check = check;
    this.#required = required;
  }

  run(first: Checked, input: unknown, options: CheckOptions): MaybePromise<Checked> {
    if (!isRecord(input)) return first;
    const optionalNulls = Object.keys(input).filter((key) => this.#isOptionalNull(input, key)).length;
    return optionalNulls === 0 ? first : this.#again(first, first, input, { ...options, optionalNulls }, 1);
  }

  /** Leaves out what the last check refused, and checks what is left; `first` stays the refusal when that fails, too. */
  #again(
    first: Checked,
    last: Checked,
    input: Readonly<Record<string, unknown>>,
    options: CheckOptions,
    round: number,
  ): MaybePromise<Checked> {
    const rest = last.ok ? undefined : this.#without(input, last);
    if (rest === undefined || round > MAX_ROUNDS) return { ...first, ...toUsed(first, last) };
    return chain(this.#check(rest, options), (next) => {
      const counted = { ...next, ...toUsed(last, next) };
      return next.ok ? counted : this.#again(first, counted, rest, options, round + 1);
    });
  }

  /** The input without the fields that were refused; undefined when there is none. */
  #without(
    input: Readonly<Record<string, unknown>>,
    { issues }: Checked & { ok: false },
  ): Record<string, unknown> | undefined {
    const refused = new Set(issues.map((issue) => issue.path[0]));
    const entries = Object.entries(input);
    const kept = entries.filter(([key]) => !refused.has(key) || !this.#isOptionalNull(input, key));
    return kept.length === entries.length ? undefined : Object.fromEntries(kept);
  }

  #isOptionalNull(input: Readonly<Record<string, unknown>>, key: string): boolean {
    return input[key] === null && !this.#required.has(key);
  }
}

/** The time of two checks together. */
function toUsed(one: Checked, other: Checked): { usedMs?: number } {
  if (one === other) return {};
  const usedMs = (one.usedMs ?? 0) + (other.usedMs ?? 0);
  return usedMs === 0 ? {} : { usedMs };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
