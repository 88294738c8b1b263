/**
 * `declareTool()`: a tool that is only declared here and lives elsewhere, in the client of a proxy.
 *
 * Its schema comes from outside and is not trusted: it is refused when it is not valid or not bounded, and an input
 * is checked against it under a deadline. Inputs pass through unchanged, without defaults filled in.
 */
import { compileJsonSchema } from "./json-schema-input.ts";
import {
  checkCallers,
  checkDescription,
  checkExamples,
  checkName,
  toObjectSchema,
  toParseInput,
} from "./tool-checks.ts";
import type { Caller, JsonSchema, Tool } from "./tool.ts";

/** What {@link declareTool} takes. */
export interface ToolOutline {
  /** 1 to 64 letters, digits, `_` or `-`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly inputSchema: JsonSchema;
  readonly allowedCallers: readonly Caller[];
  readonly inputExamples?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Declares a tool without `execute`.
 *
 * @throws {ToolscriptError} `invalid-tool` when a part of the declaration cannot be used
 */
export function declareTool(outline: ToolOutline): Tool {
  const { name, description, allowedCallers, inputExamples } = outline;
  checkName(name);
  checkDescription(name, description);
  checkCallers(name, allowedCallers);
  const inputSchema = toObjectSchema(name, outline.inputSchema);
  const what = `Input schema of "${name}"`;
  const parseInput = toParseInput(name, compileJsonSchema(inputSchema, { useDefaults: false, what }));
  checkExamples(name, inputExamples ?? [], parseInput);
  return {
    name,
    description,
    inputSchema,
    outputSchema: undefined,
    allowedCallers: [...allowedCallers],
    timeoutMs: undefined,
    ...(inputExamples === undefined ? {} : { inputExamples }),
    parseInput,
    execute: undefined,
  };
}
