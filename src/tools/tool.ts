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
  /** Milliseconds of processor time that the check took elsewhere than in the event loop, when it did. */
  readonly usedMs?: number;
};

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
   * Checks and normalises an input (defaults, coercion); a promise where that could hold the event loop. The message of a
   * refusal names the field.
   */
  parseInput(input: unknown): ParsedInput | Promise<ParsedInput>;
  /**
   * Runs the tool on a parsed input. Undefined when the tool is only declared here and whoever drives the session
   * answers its calls (the proxy's tools live in its client).
   */
  readonly execute: ((input: unknown, context: ToolContext) => Promise<unknown>) | undefined;
}
