/**
 * Lets null stand for "not given" where a parameter is optional and its schema has no null: the Python signature shows such
 * a parameter as `= None`, and a script may well pass what it shows.
 */
import type { Checked, CheckInput, CheckOptions } from "./check-input.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { JsonSchema } from "./tool.ts";

/** Checks of one input, each without the nulls that the one before refused. One is enough unless a check tells little. */
const MAX_ROUNDS = 5;

/** Fields of an input beyond which null is a value like any other. */
export const DEFAULT_MAX_FIELDS_WITH_NULLS = 10_000;

/** Wraps a check: an optional field that is null, and refused for it, is left out. */
export function withOptionalNulls(check: CheckInput, schema: JsonSchema): CheckInput {
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : []);
  const retry = new Retry(check, required);
  return (input, options) => {
    const checked = check(input, options);
    if (checked instanceof Promise) return checked.then((first) => retry.run(first, input, options));
    return checked.ok ? checked : retry.run(checked, input, options);
  };
}

class Retry {
  readonly #check: CheckInput;
  readonly #required: ReadonlySet<unknown>;

  constructor(check: CheckInput, required: ReadonlySet<unknown>) {
    this.#check = check;
    this.#required = required;
  }

  run(first: Checked, input: unknown, options: CheckOptions): MaybePromise<Checked> {
    if (first.ok || !isRecord(input) || !this.#hasRefusedNull(input, first)) return first;
    const keys = Object.keys(input);
    if (keys.length > DEFAULT_MAX_FIELDS_WITH_NULLS) return first;
    const optionalNulls = keys.filter((key) => this.#isOptionalNull(input, key)).length;
    return this.#again(first, input, { ...options, optionalNulls }, 1);
  }

  /** Leaves out the nulls that the last check refused, and checks what is left. */
  #again(
    last: Checked,
    input: Readonly<Record<string, unknown>>,
    options: CheckOptions,
    round: number,
  ): MaybePromise<Checked> {
    if (last.ok || round > MAX_ROUNDS || !this.#hasRefusedNull(input, last)) return last;
    const refused = new Set(last.issues.map((issue) => issue.path[0]));
    const entries = Object.entries(input);
    const rest = Object.fromEntries(
      entries.filter(([key]) => !refused.has(key) || !this.#isOptionalNull(input, key)),
    );
    return chain(this.#check(rest, options), (next) => {
      return this.#again({ ...next, ...toUsed(last, next) }, rest, options, round + 1);
    });
  }

  #hasRefusedNull(input: Readonly<Record<string, unknown>>, { issues }: Checked & { ok: false }): boolean {
    return issues.some(({ path: [key] }) => typeof key === "string" && this.#isOptionalNull(input, key));
  }

  #isOptionalNull(input: Readonly<Record<string, unknown>>, key: string): boolean {
    return input[key] === null && !this.#required.has(key);
  }
}

/** The time of some checks together. */
function toUsed(...checks: readonly Checked[]): { usedMs?: number } {
  const usedMs = checks.reduce((sum, check) => sum + (check.usedMs ?? 0), 0);
  return usedMs === 0 ? {} : { usedMs };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
