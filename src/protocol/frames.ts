/**
 * The frames between host and runner: the one description of the wire.
 *
 * Host to runner: one JSON object a line on the runner's standard input. Runner to host: one line a frame on the
 * runner's real standard error, each the session's boundary marker followed by a JSON object. A line without the
 * marker is program output, never a frame.
 *
 * | host → runner | |
 * |---|---|
 * | `hello` | first frame: version, the marker of this session, frame size limit |
 * | `tools` | replaces the set of declared tools; between cells only |
 * | `run` | runs a cell, with its budgets |
 * | `result`, `error` | answers one call |
 * | `exit` | ends the runner; end of file does the same |
 *
 * | runner → host | |
 * |---|---|
 * | `hello` | answers `hello` |
 * | `call` | a tool call; ids grow by one, from 1, over the whole session |
 * | `cancel` | the script no longer waits for that call; a late answer is ignored |
 * | `output` | what the script printed |
 * | `blocked` | nothing can run until a call returns, or a timer is due in `wakeInMs` |
 * | `done` | the cell ended |
 */
import * as z from "zod";

/** Version of the protocol; both sides refuse another one. */
export const PROTOCOL_VERSION = 1;

/** Largest frame in bytes, either way, unless the host says otherwise in its `hello`. */
export const DEFAULT_MAX_FRAME_BYTES = 32 * 1024 * 1024;

/**
 * Objects, arrays, members and items of one frame of the runner. As values they take far more memory than as text; the
 * runner refuses a call with more.
 */
export const MAX_FRAME_PARTS = 250_000;

const cell = z.int().min(1);
const callId = z.int().min(1);

const toolDeclarationSchema = z.strictObject({
  /** The tool's own name, as it travels in `call.tool`. */
  name: z.string().min(1),
  /** The Python identifier under which the script finds it. */
  python: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
  /** Parameter names in order, for positional arguments. */
  parameters: z.array(z.string()),
});

const cellLimitsSchema = z.strictObject({
  /** Bytes of standard output and error together; the rest is dropped and counted. */
  maxOutputBytes: z.int().min(0),
  /** Calls that one cell may make. */
  maxCalls: z.int().min(0),
  /** Calls that may wait at the same time. */
  maxCallsInFlight: z.int().min(0),
});

/** Every frame that the host sends. */
export const hostFrameSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    version: z.int(),
    marker: z.string().min(16),
    maxFrameBytes: z.int().min(1024),
  }),
  z.strictObject({
    type: z.literal("tools"),
    tools: z.array(toolDeclarationSchema),
    /** Names of types that the signatures show, and that a script may use in its own. */
    types: z.array(z.string()).optional(),
  }),
  z.strictObject({ type: z.literal("run"), cell, code: z.string(), limits: cellLimitsSchema }),
  z.strictObject({ type: z.literal("result"), id: callId, value: z.json() }),
  z.strictObject({
    type: z.literal("error"),
    id: callId,
    /** `tool` raises `ToolError` in the script, `timeout` raises `TimeoutError`. */
    kind: z.enum(["tool", "timeout"]),
    message: z.string(),
  }),
  z.strictObject({ type: z.literal("exit") }),
]);

/** Whether `value` is a plain object as `JSON.parse` makes it. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deeper values are checked against the tool's own schema. */
const jsonObject = z.custom<Record<string, unknown>>(isJsonObject, "expected an object");

/** Every frame that the runner sends. */
export const runnerFrameSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    version: z.int(),
    /** `major.minor.micro` of the runner's Python. */
    python: z.string(),
  }),
  z.strictObject({ type: z.literal("call"), cell, id: callId, tool: z.string(), input: jsonObject }),
  z.strictObject({ type: z.literal("cancel"), cell, id: callId }),
  z.strictObject({
    type: z.literal("output"),
    cell,
    stream: z.enum(["stdout", "stderr"]),
    text: z.string(),
  }),
  z.strictObject({
    type: z.literal("blocked"),
    cell,
    /** Milliseconds until the loop's next timer, or null when only a call can wake it. */
    wakeInMs: z.number().min(0).nullable(),
  }),
  z.strictObject({
    type: z.literal("done"),
    cell,
    /** As a process would return it: 0, 1 after an exception, or what `sys.exit` was given. */
    returnCode: z.int(),
    /** Bytes of output that were dropped because of `maxOutputBytes`. */
    droppedBytes: z.int().min(0),
  }),
]);

export type HostFrame = z.infer<typeof hostFrameSchema>;
/**
 * A frame on its way out: a {@link HostFrame}, or a result whose value is JSON text already, so that a large result is
 * serialised once only, and a very large one never joined. On the wire all are the same.
 */
export type OutgoingFrame = HostFrame | { type: "result"; id: number; json: string | readonly string[] };
/**
 * A frame as it was read. A call says what its input takes of the host's memory, about: its bytes as text, and so many for
 * each object, list, member and item that it has as a value. It is no field of the wire.
 */
export type RunnerFrame = z.infer<typeof runnerFrameSchema> & { inputBytes?: number };
/** A value that JSON can carry. */
export type JsonValue = z.infer<ReturnType<typeof z.json>>;
