/**
 * The rules that every declared tool obeys, however it was made.
 */
import { ToolscriptError } from "../errors.ts";
import { TurnShare } from "../turn-share.ts";
import type { Checked, CheckInput, CheckOptions } from "./check-input.ts";
import { toInputMessage, toShown } from "./input-message.ts";
import type { Caller, JsonSchema, ParsedInput, ParseInput, ParseOptions } from "./tool.ts";
import type { WorkBudget } from "./work-budget.ts";

/** Characters of a tool's description. */
export const DEFAULT_MAX_TOOL_DESCRIPTION_CHARS = 200_000;

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const CALLERS: ReadonlySet<unknown> = new Set<Caller>(["direct", "programmatic"]);

/** @throws {ToolscriptError} `invalid-tool` */
export function checkName(name: unknown): void {
  if (typeof name === "string" && NAME.test(name)) return;
  refuse(`Cannot declare the tool ${toShown(name)}: its name must be 1 to 128 letters, digits, "_" or "-"`);
}

/** @throws {ToolscriptError} `invalid-tool` */
export function checkDescription(name: string, description: unknown): void {
  if (typeof description !== "string") {
    refuse(
      `Cannot declare the tool "${name}": its description is ${toShown(description)}, expected a string`,
    );
  }
  if (description.length > DEFAULT_MAX_TOOL_DESCRIPTION_CHARS) {
    refuse(
      `Cannot declare the tool "${name}": its description has "${description.length}" characters, expected at most "${DEFAULT_MAX_TOOL_DESCRIPTION_CHARS}"`,
    );
  }
}

/** @throws {ToolscriptError} `invalid-tool` */
export function checkCallers(name: string, callers: unknown): void {
  const isValid =
    Array.isArray(callers) &&
    callers.length > 0 &&
    new Set(callers).size === callers.length &&
    callers.every((caller) => CALLERS.has(caller));
  if (isValid) return;
  refuse(
    `Cannot declare the tool "${name}": allowedCallers is ${toShown(callers)}, expected "direct", "programmatic" or both`,
  );
}

/** @throws {ToolscriptError} `invalid-tool` */
export function checkTimeout(name: string, timeoutMs: unknown): void {
  if (timeoutMs === undefined || (Number.isSafeInteger(timeoutMs) && Number(timeoutMs) > 0)) return;
  refuse(
    `Cannot declare the tool "${name}": timeoutMs is ${toShown(timeoutMs)}, expected a whole number of milliseconds above 0`,
  );
}

/**
 * Sees to it that a schema describes an object, since that is what every call carries.
 *
 * @throws {ToolscriptError} `invalid-tool`
 */
export function toObjectSchema(name: string, schema: JsonSchema): JsonSchema {
  const type = schema["type"];
  if (type === "object") return schema;
  if (type === undefined) return { type: "object", ...schema };
  refuse(
    `Cannot declare the tool "${name}": its input schema has the type ${toShown(type)}, expected "object"`,
  );
}

/**
 * Checks the examples of a tool that is made at once. One whose check takes long is not waited for; the process is warned when
 * it does not fit.
 *
 * @throws {ToolscriptError} `invalid-tool`
 */
export function checkExamples(name: string, examples: readonly unknown[], parse: ParseInput): void {
  for (const [index, example] of examples.entries()) {
    const parsed = parse(example);
    if (parsed instanceof Promise) void parsed.then((later) => warnOfExample(name, index, later));
    else requireFit(name, index, parsed);
  }
}

/**
 * Checks the examples of a tool, and waits for it.
 *
 * @throws {ToolscriptError} `invalid-tool`
 */
export async function checkExamplesWithin(
  name: string,
  examples: readonly unknown[],
  parse: ParseInput,
  budget: WorkBudget,
): Promise<void> {
  const share = new TurnShare();
  for (const [index, example] of examples.entries()) {
    if (budget.leftMs === 0) {
      refuse(`Cannot declare the tool "${name}": checking the examples takes longer than ${budget.maxMs} ms`);
    }
    const parsed = await parse(example, { owner: budget });
    budget.take(parsed.usedMs ?? 0);
    requireFit(name, index, parsed);
    if (share.due) await share.yieldTurn();
  }
}

function requireFit(name: string, index: number, parsed: ParsedInput): void {
  if (parsed.ok) return;
  refuse(
    `Cannot declare the tool "${name}": its input example "${index + 1}" does not fit. ${parsed.message}`,
  );
}

function warnOfExample(name: string, index: number, parsed: ParsedInput): void {
  if (parsed.ok) return;
  process.emitWarning(
    `The input example "${index + 1}" of the tool "${name}" does not fit. ${parsed.message}`,
  );
}

/** Joins a check and the message for the model. */
export function toParseInput(name: string, check: CheckInput): ParseInput {
  const alone: CheckOptions = { owner: {} };
  return (input, options = alone) => {
    // Handed on as they are: a signal is made when it is asked for, which most checks never do.
    const checked = check(input, hasOwner(options) ? options : { ...options, ...alone });
    return checked instanceof Promise
      ? checked.then((later) => toParsed(name, later))
      : toParsed(name, checked);
  };
}

function hasOwner(options: ParseOptions): options is ParseOptions & CheckOptions {
  return options.owner !== undefined;
}

function toParsed(name: string, checked: Checked): ParsedInput {
  if (checked.ok) return checked;
  const used = checked.usedMs === undefined ? {} : { usedMs: checked.usedMs };
  return { ok: false, message: toInputMessage(name, checked.issues), ...used };
}

function refuse(message: string): never {
  throw new ToolscriptError("invalid-tool", message);
}
