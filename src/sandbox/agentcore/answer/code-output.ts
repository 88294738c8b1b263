/**
 * What one `executeCode` printed, out of the event stream that answers it.
 *
 * Guarantees: work and memory are bounded whatever stands in it, and done in shares of a turn. What the texts mean is
 * `kernel-answer.ts`'s.
 */
import { isToolscriptError, shorten } from "../../../errors.ts";
import { readJson } from "../../../json/read-json.ts";
import { TurnShare } from "../../../turn-share.ts";
import { damaged, type EventMessage, readEventStream, tooMuch } from "./event-stream.ts";

/** The result events of one `executeCode`, merged. */
export interface CodeOutput {
  /** Standard output by result event. */
  readonly stdout: readonly string[];
  /** The end of standard error and error texts. */
  readonly stderr: string;
}

/** Characters of standard error that are kept: they only explain. */
const KEPT_STDERR_CHARACTERS = 1_000;

/** What the JSON of one event may hold; a result has less than 50 parts. */
const EVENT_BOUNDS = { maxDepth: 32, maxParts: 10_000 };

/** What may be printed in one answer, in pieces. */
const MAX_PIECES = 10_000;

/** An exception that came in place of a result, named as the SDK names it. */
export class StreamedException extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * Reads the body of a successful answer.
 *
 * @throws {ToolscriptError} `work-limit`, `agentcore-answer`
 * @throws {StreamedException} the service's own failure
 */
export async function readCodeOutput(body: AsyncIterable<Uint8Array>): Promise<CodeOutput> {
  const share = new TurnShare();
  const stdout: string[] = [];
  let stderr = "";
  for await (const message of readEventStream(body, share)) {
    const output = await readMessage(message, share);
    if (share.due) await share.yieldTurn();
    if (output === undefined) continue;
    stdout.push(...output.stdout);
    if (stdout.length > MAX_PIECES) throw tooMuch(`it prints more than "${MAX_PIECES}" texts`);
    stderr = (stderr + output.stderr).slice(-KEPT_STDERR_CHARACTERS);
  }
  return { stdout, stderr };
}

/** What one message prints; undefined for a kind that is not known. */
async function readMessage(
  { headers, payload }: EventMessage,
  share: TurnShare,
): Promise<CodeOutput | undefined> {
  const kind = headers.get(":message-type");
  if (kind === "exception" || kind === "error") throw await toException(headers, payload, share);
  if (kind !== "event" || headers.get(":event-type") !== "result") return undefined;
  return toOutput(fieldsOf(await readEvent(payload, share)));
}

async function readEvent(payload: Buffer, share: TurnShare): Promise<unknown> {
  try {
    return await readJson(payload, EVENT_BOUNDS, share);
  } catch (cause) {
    throw isToolscriptError(cause, "invalid-argument") ? damaged("an event of it is no JSON", cause) : cause;
  }
}

/** Without structured content the texts are all there is. */
function toOutput({ content, structuredContent, isError }: Fields): CodeOutput {
  const { stdout, stderr } = fieldsOf(structuredContent);
  const texts = typeof stdout === "string" && typeof stderr === "string" ? [] : toTexts(content);
  const errors = isError === true ? texts.join("").slice(-KEPT_STDERR_CHARACTERS) : "";
  return {
    stdout: typeof stdout === "string" ? [stdout] : texts,
    stderr: typeof stderr === "string" ? stderr.slice(-KEPT_STDERR_CHARACTERS) : errors,
  };
}

function toTexts(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.map((block) => fieldsOf(block)["text"]).filter((text) => typeof text === "string");
}

/** `:exception-type` is `throttlingException` on the wire and `ThrottlingException` everywhere else. */
async function toException(
  headers: ReadonlyMap<string, string>,
  payload: Buffer,
  share: TurnShare,
): Promise<StreamedException> {
  const given = headers.get(":exception-type") ?? headers.get(":error-code") ?? "";
  const name = `${given.slice(0, 1).toUpperCase()}${given.slice(1)}`;
  const { message } = fieldsOf(await readEvent(payload, share).catch(() => ({}))); // its name says enough
  const text = typeof message === "string" ? message : (headers.get(":error-message") ?? "");
  return new StreamedException(/^\w{1,100}$/.test(name) ? name : "UnknownException", shorten(text));
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
