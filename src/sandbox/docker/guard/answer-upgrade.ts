/**
 * Answers a request to turn its connection into another one: attaching to a container, and nothing else.
 *
 * From there on no byte of the connection is read as HTTP any more; it belongs to the container's streams.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { toErrorMessage } from "../../../errors.ts";
import { type GuardContext, PipelineRefusal, isBusy, recogniseRequest } from "./answer.ts";
import { type GuardLogEntry, writeLog } from "./guard-log.ts";
import { dropUpgradeBody } from "./read-body.ts";
import { Refusal, forbidden, malformed } from "./refusal.ts";
import { joinConnections } from "./tunnel.ts";

/** A connection that asks to be upgraded. */
interface Upgrade extends GuardContext {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
}

/** What the daemon made of it: the joined streams, or an answer that says why not. */
type DaemonAnswer =
  | {
      readonly kind: "upgraded";
      readonly answer: IncomingMessage;
      readonly socket: Duplex;
      readonly head: Buffer;
    }
  | { readonly kind: "answered"; readonly answer: IncomingMessage };

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
};

/** Answers a request for an upgrade. Never rejects. */
export async function answerUpgrade(
  context: GuardContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const upgrade = { ...context, request, socket };
  socket.on("error", () => socket.destroy()); // a client that goes away
  try {
    if (isBusy(socket)) throw new PipelineRefusal();
    await attach(upgrade, head);
  } catch (error) {
    if (error instanceof Refusal && !(error instanceof PipelineRefusal)) {
      refuseConnection(context, socket, request, error);
    } else {
      log(upgrade, { level: "error", event: "failed", reason: toErrorMessage(error) });
      socket.destroy();
    }
  }
}

/** Tells a refusal on a connection that is not in the hands of the server, and ends it. */
export function refuseConnection(
  { settings }: GuardContext,
  socket: Duplex,
  request: IncomingMessage | undefined,
  { status, message }: Refusal,
): void {
  const { method = "", url = "" } = request ?? {};
  writeLog(settings.log, { level: "warn", event: "refused", method, target: url, status, reason: message });
  endWithJson(socket, status, JSON.stringify({ message }));
}

async function attach(upgrade: Upgrade, head: Buffer): Promise<void> {
  const { containers, daemon, request, socket } = upgrade;
  const wanted = recogniseRequest(upgrade, request);
  if (wanted.kind !== "attach") throw forbidden("only an attach request may upgrade its connection");
  if (request.headers.upgrade !== "tcp") throw malformed('a connection can only be upgraded to "tcp"');
  await dropUpgradeBody(request, socket, head);
  const id = await containers.find(wanted.container);
  if (id === undefined) {
    endWithJson(socket, 404, JSON.stringify({ message: `No such container: ${wanted.container}` }));
    return;
  }
  containers.checkMade(id);
  const outgoing = daemon.send({
    method: "POST",
    path: `${wanted.version}/containers/${id}${wanted.rest}`,
    headers: { connection: "Upgrade", upgrade: "tcp" },
  });
  const answered = await waitForUpgrade(outgoing, socket);
  if (answered.kind === "answered") {
    endWithJson(socket, answered.answer.statusCode ?? 400, await text(answered.answer));
    return;
  }
  log(upgrade, { level: "info", event: "attached", container: id });
  watchInput(upgrade, id);
  join(upgrade, answered);
}

function watchInput({ upkeep, socket }: Upgrade, id: string): void {
  upkeep.attached(id);
  const detach = (): void => upkeep.detached(id);
  if (socket.destroyed || socket.readableEnded) detach();
  // A client that was killed leaves the other direction open until something is sent.
  for (const event of ["end", "close"]) socket.once(event, detach);
}

function waitForUpgrade(outgoing: ClientRequest, client: Duplex): Promise<DaemonAnswer> {
  return new Promise((resolve, reject) => {
    const abort = (): void => void outgoing.destroy(new Error("the client went away"));
    const settle = (answer: DaemonAnswer): void => {
      client.off("close", abort);
      resolve(answer);
    };
    client.once("close", abort);
    outgoing.once("upgrade", (answer, socket, head) => settle({ kind: "upgraded", answer, socket, head }));
    outgoing.once("response", (answer) => settle({ kind: "answered", answer }));
    outgoing.once("error", reject);
  });
}

function join({ socket: client }: Upgrade, upgraded: DaemonAnswer & { kind: "upgraded" }): void {
  const { answer, socket: daemon, head } = upgraded;
  if (head.length > 0) daemon.unshift(head);
  const type = answer.headers["content-type"] ?? "application/vnd.docker.raw-stream";
  client.write(
    `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
  );
  joinConnections(client, daemon);
}

function endWithJson(socket: Duplex, status: number, body: string): void {
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function log({ settings, request }: Upgrade, entry: Omit<GuardLogEntry, "time">): void {
  const { method = "", url = "" } = request;
  writeLog(settings.log, { ...entry, method, target: url });
}
