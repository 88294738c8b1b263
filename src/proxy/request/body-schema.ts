/**
 * The shape of a Messages API request, as far as the proxy reads it. Everything else passes through untouched, and the
 * model's service judges it.
 *
 * Lists that a client can make long are not part of these shapes: `check-body.ts` walks them item by item.
 */
import {
  anything,
  byType,
  dictionary,
  flag,
  isObject,
  type JsonObject,
  list,
  oneOf,
  optional,
  type Shape,
  shortList,
  text,
  textOr,
  whole,
} from "./shape.ts";

/** Messages in one request, as the Messages API documents it. */
export const MAX_MESSAGES = 100_000;
/** Tools in one request: as many as the Messages API takes where tools are searched. */
export const MAX_TOOLS = 10_000;
/** Examples of one tool's input. */
export const MAX_EXAMPLES = 100;
/** Members of the body, a message, a block or a tool, known ones or not. */
const MAX_OBJECT_MEMBERS = 256;
/** Characters of a model's name: ARNs, the longest, have a few hundred. */
const MAX_MODEL_CHARACTERS = 512;

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

/** A value of `allowed_callers`. */
export type CallerName = (typeof CALLERS)[number];

/** A content block. */
export interface RequestBlock {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** What a message or the system prompt holds. */
export type RequestContent = string | readonly RequestBlock[];

/** A message. */
export interface RequestMessage {
  readonly role: "user" | "assistant" | "system";
  readonly content: RequestContent;
}

/** A tool entry, its type still open. */
export interface ToolEntry {
  readonly type?: string | null;
  readonly name?: string | null;
  readonly [key: string]: unknown;
}

/** A request body. */
export interface RequestBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly RequestMessage[];
  readonly system?: RequestContent | null;
  readonly stream?: boolean | null;
  readonly tools?: readonly ToolEntry[] | null;
  readonly tool_choice?: {
    readonly type: "auto" | "any" | "tool" | "none";
    readonly name?: string;
    readonly disable_parallel_tool_use?: boolean | null;
  } | null;
  readonly container?:
    | string
    | { readonly id?: string | null; readonly skills?: readonly unknown[] | null }
    | null;
  readonly mcp_servers?: readonly unknown[] | null;
  readonly stop_sequences?: readonly string[] | null;
  readonly [key: string]: unknown;
}

const LONG_MEMBERS = `Object should have at most ${MAX_OBJECT_MEMBERS} members`;

/** An object that is copied on the way to the model, so that its members are bounded. */
function copied(members: Readonly<Record<string, Shape>>): Shape {
  const shape = dictionary(members);
  return (value) => {
    const isLong = isObject(value) && Object.keys(value).length > MAX_OBJECT_MEMBERS;
    return isLong ? { path: [], text: LONG_MEMBERS } : shape(value);
  };
}

const contentForm = textOr(list);

/** The body of a request for a message, lists but for their form. */
export const messageBodyShape = bodyShape(whole({ min: 1 }));
/** The body of a request to count tokens. */
export const countBodyShape = bodyShape(anything);

function bodyShape(maxTokens: Shape): Shape {
  return copied({
    model: text({ minLength: 1, maxLength: MAX_MODEL_CHARACTERS }),
    max_tokens: maxTokens,
    messages: list,
    system: optional(contentForm),
    stream: optional(flag),
    tools: optional(list),
    tool_choice: optional(
      dictionary({
        type: oneOf("auto", "any", "tool", "none"),
        name: (value) => (value === undefined ? undefined : text()(value)),
        disable_parallel_tool_use: optional(flag),
      }),
    ),
    container: optional(textOr(dictionary({ id: optional(text()), skills: optional(list) }))),
    mcp_servers: optional(list),
    stop_sequences: optional(list),
  });
}

/** A message, its blocks not. */
export const messageShape = copied({ role: oneOf("user", "assistant", "system"), content: contentForm });
/** Any block. */
export const blockShape = copied({ type: text() });
/** Any tool entry. */
export const toolShape = copied({ type: optional(text()), name: optional(text()) });
/** A stop sequence. */
export const stopSequenceShape = text();

const callers = shortList(oneOf(...CALLERS), { min: 1, max: 4 * CALLERS.length });

/** A tool with a schema of its own, its examples but for their form. */
export const customToolShape = dictionary({
  name: text({ pattern: /^[a-zA-Z0-9_-]{1,128}$/ }),
  description: optional(text()),
  input_schema: dictionary(),
  input_examples: optional(list),
  allowed_callers: optional(callers),
  defer_loading: optional(flag),
  strict: optional(flag),
});

/** What {@link customToolShape} and {@link exampleShape} let pass. */
export interface CustomTool extends ToolEntry {
  readonly name: string;
  readonly description?: string | null;
  readonly input_schema: JsonObject;
  readonly input_examples?: readonly JsonObject[] | null;
  readonly allowed_callers?: readonly CallerName[] | null;
  readonly strict?: boolean | null;
}

/** An example of a tool's input. */
export const exampleShape = dictionary();

/** The code execution tool. */
export const codeToolShape = dictionary({
  name: oneOf("code_execution"),
  allowed_callers: optional(callers),
  strict: optional(flag),
});

/** Any other tool of the API. */
export const builtinToolShape = dictionary({
  name: optional(text({ minLength: 1 })),
  allowed_callers: optional(callers),
});

const caller: Shape = (value) => {
  const isDirect = isObject(value) && value["type"] === "direct";
  return isDirect ? undefined : programmaticCaller(value);
};

const programmaticCaller = dictionary({ type: oneOf(...CALLERS), tool_id: text() });

const toolUse = dictionary({ id: text(), name: text(), input: dictionary(), caller: optional(caller) });

/** Blocks that the proxy reads, by type; of other types only `type` is checked. */
export const blockShapes: Readonly<Record<string, Shape>> = {
  text: dictionary({ text: text() }),
  tool_use: toolUse,
  server_tool_use: toolUse,
  tool_result: dictionary({
    tool_use_id: text(),
    content: optional(contentForm),
    is_error: optional(flag),
  }),
  code_execution_tool_result: dictionary({
    tool_use_id: text(),
    content: byType({
      code_execution_result: dictionary({
        stdout: text(),
        stderr: text(),
        return_code: whole(),
        content: optional(list),
      }),
      encrypted_code_execution_result: dictionary(),
      code_execution_tool_result_error: dictionary({
        error_code: oneOf(
          "invalid_tool_input",
          "unavailable",
          "too_many_requests",
          "execution_time_exceeded",
        ),
      }),
    }),
  }),
};
