/**
 * `declareTool()`: a tool that is only declared here and lives elsewhere, in the client of a proxy.
 *
 * Its schema comes from outside and is not trusted: it is refused when it is not valid or not bounded, and neither reading
 * it nor checking an input against it holds the event loop. Inputs pass through without defaults filled in, and unchanged but
 * for nulls that stand for "not given".
 */
import { TurnShare } from "../turn-share.ts";
import { declareJsonSchema } from "./json-schema-input.ts";
import { withOptionalNulls } from "./optional-nulls.ts";
import { toParameters } from "./python-parameters.ts";
import {
  checkCallers,
  checkDescription,
  checkExamplesWithin,
  checkName,
  toObjectSchema,
  toParseInput,
} from "./tool-checks.ts";
import type { Caller, JsonSchema, Tool } from "./tool.ts";
import { WorkBudget } from "./work-budget.ts";

/** What {@link declareTool} takes. */
export interface ToolOutline {
  /** 1 to 128 letters, digits, `_` or `-`. */
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
 * @param budget Time for the schemas and examples of all tools that are declared together. @default one of its own
 * @throws {ToolscriptError} `invalid-tool` when a part of the declaration cannot be used
 */
export async function declareTool(outline: ToolOutline, budget = new WorkBudget()): Promise<Tool> {
  const { name, description, allowedCallers, inputExamples } = outline;
  checkName(name);
  checkDescription(name, description);
  checkCallers(name, allowedCallers);
  const share = new TurnShare();
  if (share.due) await share.yieldTurn();
  const inputSchema = toObjectSchema(name, outline.inputSchema);
  const check = await declareJsonSchema(inputSchema, { what: `Input schema of "${name}"`, budget });
  const parseInput = toParseInput(name, withOptionalNulls(check, inputSchema));
  await checkExamplesWithin(name, inputExamples ?? [], parseInput, budget);
  if (share.due) await share.yieldTurn();
  // What a signature needs is read now, and not with that of all other tools in one turn.
  toParameters(inputSchema);
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
