/**
 * Tool schemas written in Zod 4: the JSON Schema that the model sees, and the check, which is Zod's own, so that
 * transforms, defaults and refinements apply.
 */
import * as z from "zod";
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import type { CheckInput } from "./json-schema-input.ts";
import type { JsonSchema } from "./tool.ts";
import { toZodIssues } from "./zod-issues.ts";

/** Whether `value` is a Zod 4 schema (classic or mini), of whichever copy of Zod. */
export function isZodSchema(value: unknown): value is z.core.$ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/**
 * The JSON Schema of a Zod schema.
 *
 * @throws {ToolscriptError} `invalid-tool` when a part has no JSON form
 */
export function toZodJsonSchema(schema: z.core.$ZodType, io: "input" | "output", what: string): JsonSchema {
  try {
    const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
    return rest;
  } catch (error) {
    const reason = toErrorMessage(error);
    throw new ToolscriptError(
      "invalid-tool",
      `${what} cannot be used: ${reason}; use types that JSON has, such as z.iso.date() for a date`,
      { cause: error },
    );
  }
}

/** The check of a Zod schema. */
export function compileZodSchema(schema: z.core.$ZodType): CheckInput {
  return (input) => {
    try {
      const parsed = z.core.safeParse(schema, input);
      if (parsed.success) return { ok: true, value: parsed.data };
      return { ok: false, issues: toZodIssues(parsed.error.issues, input) };
    } catch (error) {
      const text =
        error instanceof z.core.$ZodAsyncError
          ? "cannot be checked: the schema has an asynchronous step, which tools do not support"
          : `cannot be checked: ${toErrorMessage(error)}`;
      return { ok: false, issues: [{ path: [], text }] };
    }
  };
}
