/**
 * Tool schemas of any library that speaks Standard Schema (Valibot, ArkType, …): the JSON Schema that the model sees is what the
 * library gives, and the check is both: the JSON Schema first, then the library's own, so that refinements and transforms apply.
 *
 * A library that gives no JSON Schema is refused: neither the model nor the check would know what the schema says.
 *
 * @see https://standardschema.dev
 */
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import { type Checked, type CheckInput, refuseInput } from "./check-input.ts";
import { type InputIssue, shorten } from "./input-message.ts";
import { DEFAULT_MAX_ISSUES } from "./json-schema/compiled-schema.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { JsonSchema } from "./tool.ts";

/** What is read of a schema of the standard, version 1. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => MaybePromise<StandardResult<Output>>;
    readonly jsonSchema?: Readonly<
      Record<"input" | "output", (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>>
    >;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** A value, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Characters of a library's own words about a problem. */
const MAX_ISSUE_CHARS = 200;

/** Whether `value` is a schema of the standard, of whichever library. Some are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const isSome = (typeof value === "object" && value !== null) || typeof value === "function";
  return isSome && "~standard" in value;
}

/**
 * The JSON Schema of a schema of the standard.
 *
 * @throws {ToolscriptError} `invalid-tool` when its library gives none
 */
export function toStandardJsonSchema(
  schema: StandardSchema,
  io: "input" | "output",
  what: string,
): JsonSchema {
  const { vendor, jsonSchema } = schema["~standard"];
  if (jsonSchema === undefined) throw withoutJsonSchema(vendor, what);
  try {
    const { $schema: _dialect, ...rest } = jsonSchema[io]({ target: "draft-2020-12" });
    return rest;
  } catch (error) {
    throw new ToolscriptError(
      "invalid-tool",
      `${what} cannot be used: ${toErrorMessage(error)}; use types that JSON has`,
      { cause: error },
    );
  }
}

/** What to do with a library whose schemas are silent. */
const ADVICE: Readonly<Record<string, string>> = {
  valibot: "wrap it in `toStandardJsonSchema()` of `@valibot/to-json-schema`",
  zod: "use Zod 4, or pass a JSON Schema",
};

function withoutJsonSchema(vendor: string, what: string): ToolscriptError {
  const advice = Object.hasOwn(ADVICE, vendor) ? ADVICE[vendor] : "pass its JSON Schema instead";
  return new ToolscriptError(
    "invalid-tool",
    `${what} is a schema of "${shorten(vendor, MAX_ISSUE_CHARS)}" that gives no JSON Schema, which the model has to see; ${advice}`,
  );
}

/** The check of a schema of the standard, after that of its JSON Schema. */
export function checkStandard(schema: StandardSchema, check: CheckInput): CheckInput {
  return (input, options) =>
    chain(check(input, options), (first) => (first.ok ? validate(schema, input, first) : first));
}

function validate(schema: StandardSchema, input: unknown, first: Checked): MaybePromise<Checked> {
  const used = first.usedMs === undefined ? {} : { usedMs: first.usedMs };
  const toChecked = (result: StandardResult<unknown>): Checked => {
    if (result.issues === undefined) return { ok: true, value: result.value, ...used };
    return { ok: false, issues: result.issues.slice(0, DEFAULT_MAX_ISSUES).map(toIssue), ...used };
  };
  try {
    const result = schema["~standard"].validate(input);
    return result instanceof Promise ? result.then(toChecked, refuse) : toChecked(result);
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): Checked {
  return refuseInput(`cannot be checked: ${toErrorMessage(error)}`);
}

function toIssue({ message, path = [] }: StandardIssue): InputIssue {
  const keys = path.map((step) => (typeof step === "object" ? step.key : step));
  return {
    path: keys.map((key) => (typeof key === "number" ? key : String(key))),
    text: `does not fit: ${shorten(message, MAX_ISSUE_CHARS)}`,
  };
}
