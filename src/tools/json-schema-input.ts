/**
 * Checks tool inputs against a JSON Schema from outside: 2020-12, and the older drafts back to 06.
 *
 * A schema that cannot be used is refused when the tool is declared. A schema that can make a check slow is
 * checked under a deadline, so no input holds the event loop. Nothing is fetched: a `$ref` leads inside the schema.
 */
import { Ajv } from "ajv";
import type { ErrorObject, Options, ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import { toAjvIssues } from "./ajv-issues.ts";
import type { InputIssue } from "./input-message.ts";
import { runBounded } from "./run-bounded.ts";
import type { SchemaFacts } from "./schema-bounds.ts";
import { inspectSchema } from "./schema-bounds.ts";
import type { JsonSchema } from "./tool.ts";

/** Longest check of one input against a schema that can make checks slow, in milliseconds. */
export const DEFAULT_MAX_CHECK_MS = 250;
/** Longest time to compile one schema, in milliseconds. */
export const DEFAULT_MAX_COMPILE_MS = 1_000;
/** Parts of a schema up to which compiling needs no deadline. */
const DEFAULT_MAX_UNTIMED_NODES = 500;
/** Compiled schemas that are kept for tools declared again, as a proxy's clients do in every request. */
export const DEFAULT_MAX_CACHED_SCHEMAS = 256;
/** Inputs larger than this (characters of JSON) are reported with their first problem only. */
export const DEFAULT_MAX_FULL_REPORT_CHARS = 100_000;

/** What a check found. */
export type Checked = { ok: true; value: unknown } | { ok: false; issues: InputIssue[] };

/** Checks one input; never changes it. */
export type CheckInput = (input: unknown) => Checked;

/** Options of {@link compileJsonSchema}. */
export interface CompileJsonSchemaOptions {
  /** Fill in `default`s where a property is missing. */
  readonly useDefaults: boolean;
  /** How the schema is named in an error. */
  readonly what: string;
}

const cache = new Map<string, CheckInput>();

/** @throws {ToolscriptError} `invalid-tool` when the schema is not valid or not bounded */
export function compileJsonSchema(schema: JsonSchema, options: CompileJsonSchemaOptions): CheckInput {
  const facts = inspectSchema(schema, options.what);
  const key = `${options.useDefaults}${JSON.stringify(schema)}`;
  const known = cache.get(key);
  cache.delete(key);
  const check = known ?? makeCheck(schema, facts, options);
  cache.set(key, check);
  if (cache.size > DEFAULT_MAX_CACHED_SCHEMAS) cache.delete(cache.keys().next().value ?? key);
  return check;
}

function makeCheck(
  schema: JsonSchema,
  facts: SchemaFacts,
  { useDefaults, what }: CompileJsonSchemaOptions,
): CheckInput {
  const fillsIn = useDefaults && facts.hasDefaults;
  const validate = compileSafely(schema, facts, what, { useDefaults: fillsIn });
  let validateFully: ValidateFunction | undefined;
  return (input) => {
    try {
      const value = fillsIn ? cloneJson(input) : input;
      if (run(validate, value, facts)) return { ok: true, value };
      if (JSON.stringify(input).length > DEFAULT_MAX_FULL_REPORT_CHARS) {
        return { ok: false, issues: toAjvIssues(takeErrors(validate), input) };
      }
      takeErrors(validate);
      validateFully ??= compileSafely(schema, facts, what, { allErrors: true });
      run(validateFully, input, facts);
      return { ok: false, issues: toAjvIssues(takeErrors(validateFully), input) };
    } catch (error) {
      return refuse(error);
    }
  };
}

/** A copy for Ajv to fill in; much faster than `structuredClone` for the few fields of a call. */
function cloneJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cloneJson(part)]));
}

class TooSlow extends Error {}

function run(validate: ValidateFunction, value: unknown, facts: SchemaFacts): boolean {
  if (!facts.risky) return validate(value);
  const bounded = runBounded(() => validate(value), DEFAULT_MAX_CHECK_MS);
  if (bounded.done) return bounded.value;
  throw new TooSlow();
}

function takeErrors(validate: ValidateFunction): ErrorObject[] {
  const errors = validate.errors ?? [];
  // Ajv keeps the errors, and with them the input, until the next check.
  validate.errors = null;
  return errors;
}

/** A check that could not be finished counts as failed. */
function refuse(error: unknown): Checked {
  if (error instanceof TooSlow) {
    const text = `took longer than ${DEFAULT_MAX_CHECK_MS} ms to check against the schema`;
    return { ok: false, issues: [{ path: [], text }] };
  }
  if (error instanceof RangeError) {
    return { ok: false, issues: [{ path: [], text: "is nested too deeply to be checked" }] };
  }
  throw error;
}

const AJV_OPTIONS: Options = {
  strict: false,
  verbose: true,
  logger: false,
  // An inlined reference is compiled once for each use, which a schema of references to references multiplies.
  inlineRefs: false,
  ownProperties: true,
};

/** Compiles a schema; a large one under a deadline, for Ajv's time grows with the square of its size. */
function compileSafely(
  schema: JsonSchema,
  facts: SchemaFacts,
  what: string,
  options: Options,
): ValidateFunction {
  try {
    if (facts.nodes <= DEFAULT_MAX_UNTIMED_NODES) return compile(schema, facts, options);
    const bounded = runBounded(() => compile(schema, facts, options), DEFAULT_MAX_COMPILE_MS);
    if (bounded.done) return bounded.value;
    throw new Error(`reading it takes longer than ${DEFAULT_MAX_COMPILE_MS} ms; make it smaller`);
  } catch (error) {
    const reason =
      error instanceof RangeError ? "it is too large, or a reference leads to itself" : toErrorMessage(error);
    throw new ToolscriptError("invalid-tool", `${what} is not a valid JSON Schema: ${reason}`, {
      cause: error,
    });
  }
}

function compile(schema: JsonSchema, facts: SchemaFacts, options: Options): ValidateFunction {
  const { $schema: _dialect, ...document } = schema;
  checkDialect(document, facts);
  const ajvOptions = { ...AJV_OPTIONS, ...options, meta: false, validateSchema: false };
  const ajv = facts.isOldDraft ? new Ajv(ajvOptions) : new Ajv2020(ajvOptions);
  ajvFormats.default(ajv);
  const validate = ajv.compile(document);
  if ("$async" in validate) throw new Error('the keyword "$async" is not supported');
  return validate;
}

let oldDraft: Ajv | undefined;
let newDraft: Ajv2020 | undefined;

/** Checks the schema itself. The instances are shared, for compiling a dialect's own schema takes long. */
function checkDialect(document: JsonSchema, facts: SchemaFacts): void {
  const dialect = facts.isOldDraft
    ? (oldDraft ??= new Ajv({ logger: false, strict: false }))
    : (newDraft ??= new Ajv2020({ logger: false, strict: false }));
  if (dialect.validateSchema(document) === true) return;
  const first = dialect.errors?.[0];
  throw new Error(`"${first?.instancePath ?? ""}" ${first?.message ?? "is wrong"}`);
}
