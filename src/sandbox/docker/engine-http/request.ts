/**
 * Requests to the Docker Engine API, each on a connection of its own: one that was kept alive would fail the first
 * request after a restart of the daemon, and on a local socket a new one costs some microseconds.
 *
 * Guarantees: of an answer no more is read than its bound, and it is parsed in shares of a turn; an abort closes
 * the connection. It knows no deadlines, no containers, and no wording for people.
 *
 * Paths have no version in front: the daemon then takes its own newest. No one version would do: Engine 20.10 knows
 * none after 1.41, Engine 29 none before 1.44.
 *
 * @see https://docs.docker.com/reference/api/engine/
 */
import { type ClientRequest, type IncomingMessage, request as sendHttp } from "node:http";
import type { Duplex } from "node:stream";
import { toErrorMessage } from "../../../errors.ts";
import { readJson } from "../../../json/read-json.ts";
import { EngineStatusError, UnexpectedAnswerError } from "./answer-errors.ts";
import { type EngineTransport, openConnection, toHostHeader } from "./transport.ts";

/** The longest answers that are expected have 0.1 MiB: an inspected container, with the runner's text in it twice. */
export const DEFAULT_MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** A listing has some 150 parts for each container. */
const ANSWER_BOUNDS = { maxDepth: 64, maxParts: 500_000 };
/** Of an answer in lines, all of them: a few events of one container. */
const MAX_LINES_BYTES = 1024 * 1024;
/** Of a refusal, this much is read. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** One request. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Written with {@link toPath} where it holds a name. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** @default DEFAULT_MAX_ANSWER_BYTES */
  readonly maxAnswerBytes?: number;
}

/** A path; what is put into it cannot end a segment's meaning: `toPath\`/images/${name}/json\``. Slashes stay. */
export function toPath(texts: TemplateStringsArray, ...names: readonly string[]): string {
  const encode = (name: string) =>
    name.toWellFormed().replaceAll(/[^A-Za-z0-9._:@/-]/gu, (letter) => encodeURIComponent(letter));
  return String.raw({ raw: texts }, ...names.map(encode));
}

/** Sends the head of a request; the caller sends the body, ends it, and listens. */
export function openRequest(transport: EngineTransport, asked: EngineRequest): ClientRequest {
  const { method, path, query = {}, headers = {}, signal } = asked;
  const search = new URLSearchParams(query).toString();
  return sendHttp({
    method,
    path: search === "" ? path : `${path}?${search}`,
    headers: { host: toHostHeader(transport), ...headers },
    createConnection: () => openConnection(transport),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Asks, and returns the parsed answer; undefined when it is empty.
 *
 * @throws {EngineStatusError} for a status other than 2xx
 * @throws {UnexpectedAnswerError} when the answer is too long or has too many parts, or is not JSON
 */
export async function ask(transport: EngineTransport, asked: EngineRequest): Promise<unknown> {
  const answer = await askForAnswer(transport, asked);
  const { maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES } = asked;
  const { bytes, isWhole } = await readBytes(answer, maxAnswerBytes);
  if (!isWhole) throw new UnexpectedAnswerError(`has more than "${maxAnswerBytes}" bytes`);
  if (bytes.length === 0) return undefined;
  try {
    return await readJson(bytes, ANSWER_BOUNDS);
  } catch (cause) {
    throw new UnexpectedAnswerError(`cannot be read (${toErrorMessage(cause)})`, { cause });
  }
}

/**
 * Asks, and gives the JSON of each line of the answer as it comes. Whoever stops reading closes the connection.
 *
 * @throws {EngineStatusError} for a status other than 2xx
 * @throws {UnexpectedAnswerError} when there is too much, or a line is not JSON
 */
export async function* askForLines(transport: EngineTransport, asked: EngineRequest): AsyncGenerator {
  const answer = await askForAnswer(transport, asked);
  let text = "";
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_LINES_BYTES) throw new UnexpectedAnswerError(`has more than "${MAX_LINES_BYTES}" bytes`);
    const lines = (text + chunk.toString("latin1")).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield await readLine(line);
  }
  if (text.trim() !== "") yield await readLine(text);
}

async function readLine(line: string): Promise<unknown> {
  try {
    return await readJson(Buffer.from(line, "latin1"), ANSWER_BOUNDS);
  } catch (cause) {
    throw new UnexpectedAnswerError(`cannot be read (${toErrorMessage(cause)})`, { cause });
  }
}

/** Asks, and returns the answer unread. @throws {EngineStatusError} for a status other than 2xx */
export async function askForAnswer(
  transport: EngineTransport,
  asked: EngineRequest,
): Promise<IncomingMessage> {
  const { body, headers = {} } = asked;
  const content = body === undefined ? "" : JSON.stringify(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const length = asked.method === "POST" ? { "content-length": String(Buffer.byteLength(content)) } : {};
  const outgoing = openRequest(transport, { ...asked, headers: { ...type, ...length, ...headers } });
  outgoing.end(content);
  return await waitForAnswer(outgoing);
}

/** Waits for an answer to a request that was sent. @throws {EngineStatusError} for a status other than 2xx */
export async function waitForAnswer(outgoing: ClientRequest): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    rejectOnFailure(outgoing, reject);
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  throw await toStatusError(answer, status);
}

/**
 * Turns the connection of a request into one that carries bytes both ways, and returns it.
 *
 * The daemon answers 101 to a request that asks for it. It answers 200 to one that does not: then something in between
 * has dropped the question, and would not pass on the end of one direction either.
 *
 * @throws {EngineStatusError} when the daemon refuses
 * @throws {UnexpectedAnswerError} when the connection was not upgraded
 */
export async function upgrade(transport: EngineTransport, asked: EngineRequest): Promise<Duplex> {
  const headers = { connection: "Upgrade", upgrade: "tcp", "content-length": "0", ...asked.headers };
  const outgoing = openRequest(transport, { ...asked, headers });
  outgoing.end();
  const { answer, socket } = await waitForUpgrade(outgoing);
  if (socket !== undefined) return socket;
  const status = answer.statusCode ?? 0;
  if (status < 200 || status >= 300) throw await toStatusError(answer, status);
  answer.destroy();
  throw new UnexpectedAnswerError(
    `has status "${status}", wanted "101"; is there a proxy in between that passes on no upgrades?`,
  );
}

function waitForUpgrade(
  outgoing: ClientRequest,
): Promise<{ readonly answer: IncomingMessage; readonly socket?: Duplex }> {
  return new Promise((resolve, reject) => {
    outgoing.once("upgrade", (answer, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ answer, socket });
    });
    outgoing.once("response", (answer) => resolve({ answer }));
    rejectOnFailure(outgoing, reject);
  });
}

function rejectOnFailure(outgoing: ClientRequest, reject: (error: Error) => void): void {
  outgoing.on("error", reject); // more than once: after the answer began, its own stream tells
  outgoing.once("close", () => reject(new Error("the connection was closed without an answer")));
}

async function toStatusError(answer: IncomingMessage, status: number): Promise<EngineStatusError> {
  const { bytes } = await readBytes(answer, MAX_REFUSAL_BYTES);
  return new EngineStatusError(status, bytes.toString());
}

/** Reads up to a bound; beyond it the connection is closed. */
async function readBytes(
  answer: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break; // leaving the loop closes the connection
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isWhole: length <= maxBytes };
}
