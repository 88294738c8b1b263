/**
 * What a tool is: a host function with a JSON Schema, callable from a script, by the model directly, or both.
 */

/** A JSON Schema document, as an object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Who may call a tool. `programmatic` is a script, `direct` the model itself. Enforced by the host. */
export type Caller = "direct" | "programmatic";

/** What `execute` gets beside its input. */
export interface ToolContext {
  /** Aborted when nobody waits for the result any more: cancelled, timed out, session closed. */
  readonly signal: AbortSignal;
  /** Unique id of this call, for logs and idempotency keys. */
  readonly callId: string;
}

/** What {@link Tool.parseInput} found: the input to run on, or a sentence for whoever made the call. */
export type ParsedInput = ({ ok: true; value: unknown } | { ok: false; message: string }) & {
  /** Milliseconds of processor time, in the loop and elsewhere, of a check that was not made at once. */
  readonly usedMs?: number;
};

/** Options of {@link Tool.parseInput}. */
export interface ParseOptions {
  /** Whose input it is, such as a session: checks of one owner that take long run one after the other. @default the tool */
  readonly owner?: object;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** See {@link Tool.parseInput}. */
export type ParseInput = (input: unknown, options?: ParseOptions) => ParsedInput | Promise<ParsedInput>;

/** A declared tool. Made by `tool()`; its schema has been checked and compiled. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input; always of an object. */
  readonly inputSchema: JsonSchema;
  /** JSON Schema of the result, when declared: it types the Python signature. */
  readonly outputSchema: JsonSchema | undefined;
  /** Inputs that show how the tool is meant to be called; each has been checked against the schema. */
  readonly inputExamples?: readonly Readonly<Record<string, unknown>>[];
  readonly allowedCallers: readonly Caller[];
  /** Longest time `execute` may take, in milliseconds; the session's default when undefined. */
  readonly timeoutMs: number | undefined;
  /**
   * Checks and normalises an input (defaults, coercion). The message of a refusal names the field. A small input is
   * checked at once; the promise of any other never rejects, and its check holds the event loop for a share of a turn only.
   */
  parseInput(input: unknown, options?: ParseOptions): ParsedInput | Promise<ParsedInput>;
  /**
   * Runs the tool on a parsed input. Undefined when the tool is only declared here and whoever drives the session
   * answers its calls (the proxy's tools live in its client).
   */
  readonly execute: ((input: unknown, context: ToolContext) => Promise<unknown>) | undefined;
}
