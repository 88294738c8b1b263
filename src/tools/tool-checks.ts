/**
 * The rules that every declared tool obeys, however it was made.
 */
import { ToolscriptError } from "../errors.ts";
import type { InputIssue } from "./input-message.ts";
import { toInputMessage, toShown } from "./input-message.ts";
import type { CheckInput } from "./json-schema-input.ts";
import type { Caller, JsonSchema, ParsedInput } from "./tool.ts";

/** Characters of a tool's description. */
export const DEFAULT_MAX_TOOL_DESCRIPTION_CHARS = 200_000;

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const CALLERS: ReadonlySet<unknown> = new Set<Caller>(["direct", "programmatic"]);

/** @throws {ToolscriptError} `invalid-tool` */
export function checkName(name: unknown): void {
  if (typeof name === "string" && NAME.test(name)) return;
  refuse(`Cannot declare the tool ${toShown(name)}: its name must be 1 to 64 letters, digits, "_" or "-"`);
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

/** @throws {ToolscriptError} `invalid-tool` */
export function checkExamples(
  name: string,
  examples: readonly unknown[],
  parse: (input: unknown) => ParsedInput,
): void {
  for (const [index, example] of examples.entries()) {
    const parsed = parse(example);
    if (!parsed.ok) {
      refuse(
        `Cannot declare the tool "${name}": its input example "${index + 1}" does not fit. ${parsed.message}`,
      );
    }
  }
}

/** Joins a check and the message for the model. */
export function toParseInput(name: string, check: CheckInput): (input: unknown) => ParsedInput {
  return (input) => {
    const checked = check(input);
    return checked.ok ? checked : { ok: false, message: toInputMessage(name, checked.issues) };
  };
}

/**
 * Lets null stand for "not given" where a parameter is optional and its schema has no null: the Python signature
 * shows such a parameter as `= None`, and a script may well pass what it shows.
 */
export function withOptionalNulls(check: CheckInput, schema: JsonSchema): CheckInput {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return (input) => {
    const first = check(input);
    let checked = first;
    let given = input;
    while (!checked.ok && isRecord(given)) {
      const rest = withoutRefusedNulls(given, required, checked.issues);
      if (rest === undefined) return first;
      given = rest;
      checked = check(given);
    }
    return checked.ok ? checked : first;
  };
}

/** `input` without the optional fields that are null and were refused; undefined when there is none. */
function withoutRefusedNulls(
  input: Readonly<Record<string, unknown>>,
  required: ReadonlySet<unknown>,
  issues: readonly InputIssue[],
): Record<string, unknown> | undefined {
  const refused = new Set(issues.map((issue) => issue.path[0]));
  const entries = Object.entries(input);
  const kept = entries.filter(([key, value]) => value !== null || required.has(key) || !refused.has(key));
  return kept.length === entries.length ? undefined : Object.fromEntries(kept);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(message: string): never {
  throw new ToolscriptError("invalid-tool", message);
}
