/**
 * `tool()`: makes a tool out of a schema and a function on this host.
 *
 * Everything about the declaration is checked here, once; `execute` sees only inputs that fit the schema.
 */
import type * as z from "zod";
import { ToolscriptError } from "../errors.ts";
import type { CheckInput } from "./check-input.ts";
import { toShown } from "./input-message.ts";
import { compileJsonSchema } from "./json-schema-input.ts";
import { withOptionalNulls } from "./optional-nulls.ts";
import {
  checkCallers,
  checkDescription,
  checkExamples,
  checkName,
  checkTimeout,
  toObjectSchema,
  toParseInput,
} from "./tool-checks.ts";
import type { Caller, JsonSchema, Tool, ToolContext } from "./tool.ts";
import {
  checkStandard,
  isStandardSchema,
  type StandardSchema,
  toStandardJsonSchema,
} from "./standard-schema.ts";
import { compileZodSchema, isZodSchema, toZodJsonSchema } from "./zod-input.ts";

/**
 * Callers of a tool of the library that names none: it may be called either way. (On the Messages API the default
 * is `direct` alone; the proxy sets it itself.)
 */
export const DEFAULT_ALLOWED_CALLERS: readonly Caller[] = ["direct", "programmatic"];

/** What `input` and `output` may be. */
export type ToolSchema = z.core.$ZodType | StandardSchema | JsonSchema;

/** What `execute` gets: the output of the Zod or other schema, or a plain object for a JSON Schema. */
export type ToolInput<Schema extends ToolSchema> = Schema extends z.core.$ZodType
  ? z.core.output<Schema>
  : Schema extends StandardSchema<infer Output>
    ? Output
    : Record<string, unknown>;

/** What `execute` gives: what the Zod schema says, or anything that JSON can carry. */
export type ToolOutput<Schema extends ToolSchema | undefined> = Schema extends z.core.$ZodType
  ? z.core.output<Schema>
  : unknown;

/** What {@link tool} takes. */
export interface ToolDefinition<Input extends ToolSchema, Output extends ToolSchema | undefined = undefined> {
  /** 1 to 128 letters, digits, `_` or `-`. */
  readonly name: string;
  /** What it does and what comes back, for the model. */
  readonly description: string;
  /** Zod 4 schema, one of a library that speaks Standard Schema with JSON Schema, or JSON Schema of an object. Inputs that do not fit never reach `execute`. */
  readonly input: Input;
  /**
   * Whether a text has to fit the `format` that a JSON Schema names for it, or whether that is a note to the model. A Zod
   * schema always checks its own.
   *
   * @default "note"
   */
  readonly formats?: "note" | "check";
  /** Schema of the result. It types the Python signature; results are not checked against it. */
  readonly output?: Output;
  /** Does the work. What it throws, the script gets as `ToolError`. */
  execute(input: ToolInput<Input>, context: ToolContext): ToolOutput<Output> | Promise<ToolOutput<Output>>;
  /** @default ["direct", "programmatic"] */
  readonly allowedCallers?: readonly Caller[];
  /** Longest time of `execute` in milliseconds. @default the session's `callMs` */
  readonly timeoutMs?: number;
  /** Inputs that show how the tool is meant to be called; the first is shown to the model. */
  readonly inputExamples?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Declares a tool.
 *
 * A property that is null counts as not given where it is optional and its schema has no null.
 *
 * @throws {ToolscriptError} `invalid-tool` when a part of the definition cannot be used
 *
 * @example
 * ```ts
 * const getTeamMembers = tool({
 *   name: "get_team_members",
 *   description: "People of a department.",
 *   input: z.object({ department: z.string() }),
 *   execute: ({ department }) => database.people(department),
 * });
 * ```
 */
export function tool<const Input extends ToolSchema, Output extends ToolSchema | undefined = undefined>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { name, description, input, output, timeoutMs, inputExamples } = definition;
  const { allowedCallers = DEFAULT_ALLOWED_CALLERS } = definition;
  checkName(name);
  checkDescription(name, description);
  checkCallers(name, allowedCallers);
  checkTimeout(name, timeoutMs);
  checkExecute(name, definition);
  const { schema, check } = toInput(name, input, checksFormats(definition));
  const parseInput = toParseInput(name, withOptionalNulls(check, schema));
  checkExamples(name, inputExamples ?? [], parseInput);
  return {
    name,
    description,
    inputSchema: schema,
    outputSchema: toOutputSchema(name, output),
    allowedCallers: [...allowedCallers],
    timeoutMs,
    ...(inputExamples === undefined ? {} : { inputExamples }),
    parseInput,
    execute: async (value, context) => definition.execute(value as ToolInput<Input>, context),
  };
}

function checkExecute(name: string, { execute }: { execute: unknown }): void {
  if (typeof execute === "function") return;
  throw new ToolscriptError(
    "invalid-tool",
    `Cannot declare the tool "${name}": execute is ${toShown(execute)}, expected a function`,
  );
}

function checksFormats({
  name,
  formats = "note",
}: Pick<ToolDefinition<ToolSchema>, "name" | "formats">): boolean {
  if (formats === "note" || formats === "check") return formats === "check";
  throw new ToolscriptError(
    "invalid-tool",
    `Cannot declare the tool "${name}": formats is ${toShown(formats)}, expected "note" or "check"`,
  );
}

function toInput(
  name: string,
  input: ToolSchema,
  areFormatsChecked: boolean,
): { schema: JsonSchema; check: CheckInput } {
  const what = `Input schema of "${name}"`;
  if (isZodSchema(input)) {
    const schema = toObjectSchema(name, toZodJsonSchema(input, "input", what));
    return { schema, check: compileZodSchema(input) };
  }
  if (isStandardSchema(input)) {
    const schema = toObjectSchema(name, toStandardJsonSchema(input, "input", what));
    return { schema, check: checkStandard(input, compileJsonSchema(schema, { useDefaults: false, what })) };
  }
  const schema = toObjectSchema(name, toPlainSchema(input, what));
  return {
    schema,
    check: compileJsonSchema(schema, { useDefaults: true, checksFormats: areFormatsChecked, what }),
  };
}

function toOutputSchema(name: string, output: ToolSchema | undefined): JsonSchema | undefined {
  if (output === undefined) return undefined;
  const what = `Output schema of "${name}"`;
  if (isZodSchema(output)) return toZodJsonSchema(output, "output", what);
  const schema = isStandardSchema(output)
    ? toStandardJsonSchema(output, "output", what)
    : toPlainSchema(output, what);
  compileJsonSchema(schema, { useDefaults: false, what });
  return schema;
}

function toPlainSchema(schema: unknown, what: string): JsonSchema {
  const isObject = typeof schema === "object" && schema !== null && !Array.isArray(schema);
  if (isObject && !("_def" in schema)) return schema as JsonSchema;
  throw new ToolscriptError(
    "invalid-tool",
    isObject
      ? `${what} is a schema of Zod 3, expected one of Zod 4`
      : `${what} is ${toShown(schema)}, expected a Zod schema or a JSON Schema object`,
  );
}
