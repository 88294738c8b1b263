/**
 * The shape of a Messages API request, as far as the proxy reads it. Everything else passes through untouched, and the
 * model's service judges it.
 */
import * as z from "zod";

/** Messages in one request, as the Messages API documents it. */
export const MAX_MESSAGES = 100_000;

/** The types of the code execution tool, oldest first. */
export const CODE_TOOL_TYPES = [
  "code_execution_20250522",
  "code_execution_20250825",
  "code_execution_20260120",
  "code_execution_20260521",
] as const;

/** Values of `allowed_callers`. */
export const CALLERS = [
  "direct",
  "code_execution_20250825",
  "code_execution_20260120",
  "code_execution_20260521",
] as const;

const block = z.looseObject({ type: z.string() });
const content = z.union([z.string(), z.array(block)]);
const object = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Input should be a valid dictionary",
);

const toolChoice = z.looseObject({
  type: z.enum(["auto", "any", "tool", "none"]),
  name: z.string().optional(),
  disable_parallel_tool_use: z.boolean().nullish(),
});

const container = z.union([
  z.string(),
  z.looseObject({ id: z.string().nullish(), skills: z.array(z.unknown()).nullish() }),
]);

/** The body of `POST /v1/messages`. */
export const bodySchema = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().min(1),
  messages: z.array(z.looseObject({ role: z.enum(["user", "assistant"]), content })),
  system: content.nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.looseObject({ type: z.string().nullish(), name: z.string().nullish() })).nullish(),
  tool_choice: toolChoice.nullish(),
  container: container.nullish(),
  mcp_servers: z.array(z.unknown()).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
});

/** The body of `POST /v1/messages/count_tokens`. */
export const countBodySchema = bodySchema.omit({ max_tokens: true });

/** A request body. */
export type RequestBody = z.infer<typeof bodySchema>;
/** A tool entry, its type still open. */
export type ToolEntry = NonNullable<RequestBody["tools"]>[number];

const callers = z.array(z.enum(CALLERS)).min(1);

/** A tool with a schema of its own. */
export const customToolSchema = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  input_schema: object,
  input_examples: z.array(object).nullish(),
  allowed_callers: callers.nullish(),
  defer_loading: z.boolean().nullish(),
  strict: z.boolean().nullish(),
});

/** The code execution tool. */
export const codeToolSchema = z.looseObject({
  name: z.literal("code_execution"),
  allowed_callers: callers.nullish(),
  strict: z.boolean().nullish(),
});

/** Any other tool of the API. */
export const builtinToolSchema = z.looseObject({
  name: z.string().min(1).nullish(),
  allowed_callers: callers.nullish(),
});

const codeResult = z.looseObject({
  type: z.enum([
    "code_execution_result",
    "encrypted_code_execution_result",
    "code_execution_tool_result_error",
  ]),
});
const codeResultByType = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("code_execution_result"),
    stdout: z.string(),
    stderr: z.string(),
    return_code: z.int(),
    content: z.array(z.unknown()).nullish(),
  }),
  z.looseObject({ type: z.literal("encrypted_code_execution_result") }),
  z.looseObject({
    type: z.literal("code_execution_tool_result_error"),
    error_code: z.enum(["invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"]),
  }),
]);

const caller = z.union([
  z.looseObject({ type: z.literal("direct") }),
  z.looseObject({
    type: z.enum(["code_execution_20250825", "code_execution_20260120", "code_execution_20260521"]),
    tool_id: z.string(),
  }),
]);

/** Blocks that the proxy reads, by type; of other types only `type` is checked. */
export const blockSchemas: Readonly<Record<string, z.ZodType>> = {
  text: z.looseObject({ text: z.string() }),
  tool_use: z.looseObject({ id: z.string(), name: z.string(), input: object, caller: caller.nullish() }),
  server_tool_use: z.looseObject({
    id: z.string(),
    name: z.string(),
    input: object,
    caller: caller.nullish(),
  }),
  tool_result: z.looseObject({
    tool_use_id: z.string(),
    content: content.nullish(),
    is_error: z.boolean().nullish(),
  }),
  code_execution_tool_result: z.looseObject({
    tool_use_id: z.string(),
    content: codeResult.pipe(codeResultByType),
  }),
};
