/**
 * Answers one request: recognises it, holds it against the rules, then sends it on or refuses it.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { toErrorMessage } from "../../../errors.ts";
import { checkCreate } from "./check-create.ts";
import type { Containers } from "./containers.ts";
import type { Daemon, DaemonRequest } from "./daemon.ts";
import { type GuardLogEntry, writeLog } from "./guard-log.ts";
import type { GuardSettings } from "./guard-options.ts";
import { dropBody, readCreateBody } from "./read-body.ts";
import { type GuardRequest, readRequest } from "./read-request.ts";
import { Refusal, forbidden, malformed } from "./refusal.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { Upkeep } from "./upkeep.ts";

/** What a guard works with. */
export interface GuardContext {
  readonly settings: GuardSettings;
  readonly daemon: Daemon;
  readonly containers: Containers;
  readonly upkeep: Upkeep;
}

/** A request and its answer under way. */
export interface Exchange extends GuardContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Headers of the daemon's answer that a client gets. */
const PASSED_HEADERS = ["content-type", "content-length", "api-version", "ostype", "server"];

/** Nothing can be told on a connection on which the answer to an earlier request is still under way. */
export class PipelineRefusal extends Refusal {
  constructor() {
    super(400, "The guard refused the request: another one on this connection is still under way");
  }
}

/** Connections with a request under way. */
const busy = new WeakSet<object>();

/** Answers a request. Never rejects. */
export async function answerRequest(
  context: GuardContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = { ...context, request, response };
  try {
    claimConnection(request, response);
    const wanted = recogniseRequest(context, request);
    if (wanted.kind === "create") await answerCreate(exchange, wanted);
    else await answerOther(exchange, wanted);
  } catch (error) {
    endBadly(exchange, error);
  }
}

/** Recognises a request by its head. @throws {Refusal} */
export function recogniseRequest({ settings }: GuardContext, request: IncomingMessage): GuardRequest {
  if (request.httpVersion !== "1.1") throw malformed(`it is HTTP ${request.httpVersion}, wanted 1.1`);
  const { method = "", url = "" } = request;
  return readRequest({ method, target: url }, settings.policy.allowedImages);
}

/** One request at a time on a connection: then an answer cannot be taken for that of another request. */
function claimConnection(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  if (isBusy(socket)) throw new PipelineRefusal();
  busy.add(socket);
  response.once("finish", () => busy.delete(socket));
}

/** Whether a request on this connection is still under way. */
export function isBusy(socket: object): boolean {
  return busy.has(socket);
}

async function answerCreate(exchange: Exchange, { path }: { readonly path: string }): Promise<void> {
  const { settings, daemon, containers, upkeep, request, response } = exchange;
  const wanted = parseStrictJson(await readCreateBody(request));
  const body = checkCreate(wanted, settings.policy, upkeep.writeLabels);
  const image = body.Image ?? "";
  const volumes = await daemon.imageVolumes(image);
  if (volumes.length > 0) {
    throw forbidden(`the image "${image}" declares volumes ("${volumes.join('", "')}")`);
  }
  await containers.make(async () => {
    // Not given up when the client goes: the daemon would make the container all the same, and nobody would know it.
    const answer = await daemon.ask({ method: "POST", path, body });
    const said = await text(answer);
    const id = answer.statusCode === 201 ? (JSON.parse(said) as { Id: string }).Id : undefined;
    if (id !== undefined && response.closed) {
      await daemon.remove(id);
      return undefined;
    }
    response.writeHead(answer.statusCode ?? 502, passHeaders(answer)).end(said);
    if (id !== undefined) {
      upkeep.created(id);
      log(exchange, { level: "info", event: "created", container: id, image });
    }
    return id;
  });
}

async function answerOther(
  exchange: Exchange,
  wanted: Exclude<GuardRequest, { kind: "create" }>,
): Promise<void> {
  const { containers, request } = exchange;
  const { method = "" } = request;
  if (wanted.kind === "attach") {
    throw malformed("an attach request has to ask for an upgrade of its connection");
  }
  await dropBody(request, method === "POST" && wanted.kind !== "start");
  if (!("container" in wanted)) return await sendOn(exchange, { method, path: wanted.path });
  if (wanted.kind === "events") {
    containers.checkMade(wanted.container); // it has gone, so only its maker can say whose it was
    return await sendOn(exchange, { method, path: `${wanted.version}${wanted.rest}` });
  }
  const id = await containers.find(wanted.container);
  if (id === undefined) return answerNoContainer(exchange, wanted.container);
  if (wanted.kind === "start" || wanted.kind === "stats") containers.checkMade(id);
  await sendOn(exchange, { method, path: `${wanted.version}/containers/${id}${wanted.rest}` });
  if (wanted.kind === "remove") log(exchange, { level: "info", event: "removed", container: id });
}

/** Sends a request on, and the answer back as it comes. Given up when the client goes. */
async function sendOn({ daemon, response }: Exchange, wanted: DaemonRequest): Promise<void> {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once("close", onClose);
  const answer = await daemon.ask(wanted, gone.signal);
  response.writeHead(answer.statusCode ?? 502, passHeaders(answer));
  response.flushHeaders(); // the answer to a wait begins long before it ends
  await pipeline(answer, response);
}

function answerNoContainer({ response }: Exchange, name: string): void {
  sendJson(response, 404, `No such container: ${name}`);
}

function passHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  const found = PASSED_HEADERS.map((name) => [name, answer.headers[name]] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/**
 * A refusal is told to the client. When the daemon is not there, the connection is cut, as it would be without a
 * guard: so the client takes it for what it is.
 */
function endBadly(exchange: Exchange, error: unknown): void {
  const { request, response } = exchange;
  if (!(error instanceof Refusal)) {
    // A client that went away needs no line.
    if (!response.closed) log(exchange, { level: "error", event: "failed", reason: toErrorMessage(error) });
    request.socket.destroy();
    return;
  }
  log(exchange, { level: "warn", event: "refused", status: error.status, reason: error.message });
  // An answer to a second request would wait for that to the first one.
  if (response.headersSent || error instanceof PipelineRefusal) request.socket.destroy();
  else sendJson(response, error.status, error.message);
}

function sendJson(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ message });
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": length,
    connection: "close",
  });
  response.end(body);
}

function log({ settings, request }: Exchange, entry: Omit<GuardLogEntry, "time">): void {
  const { method = "", url = "" } = request;
  writeLog(settings.log, { ...entry, method, target: url });
}
