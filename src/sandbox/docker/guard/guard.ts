/**
 * A filter in front of the Docker daemon's socket, for deployments.
 *
 * A process that can talk to the daemon owns the machine. So the process that faces the internet does not get the
 * daemon's socket, but that of a guard, which lets through what the Docker sandbox needs and nothing else: hardened
 * containers are made, used and removed; other containers, images, volumes and networks cannot be reached.
 *
 * Guarantees: whatever is not allowed is refused with a reason and a line in the log; no byte of a client's request
 * reaches the daemon, only requests that the guard wrote, and the streams of attached containers.
 */
import { rm } from "node:fs/promises";
import { type IncomingMessage, type Server, createServer } from "node:http";
import type { Duplex } from "node:stream";
import { Containers } from "./containers.ts";
import { openDaemon } from "./daemon.ts";
import { type GuardContext, answerRequest } from "./answer.ts";
import { answerUpgrade, refuseConnection } from "./answer-upgrade.ts";
import { type GuardOptions, resolveGuardOptions } from "./guard-options.ts";
import { forbidden, malformed } from "./refusal.ts";
import { listenOnSocketFile } from "./socket-file.ts";
import { startUpkeep } from "./upkeep.ts";

export type { GuardLog, GuardLogEntry } from "./guard-log.ts";
export type { GuardMaximums, GuardOptions } from "./guard-options.ts";

/** A guard that runs. */
export interface Guard {
  /** Where it listens. */
  readonly socketPath: string;
  /** Ends every connection; the containers attached through it end with them. Safe to call twice. */
  close(): Promise<void>;
}

/** A request of the sandbox has less than 1 KiB. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Connections beside those of the containers: requests that wait, and what a hostile client opens. */
const SPARE_CONNECTIONS = 256;
const CONNECTIONS_PER_CONTAINER = 4;

/**
 * Starts a guard.
 *
 * The daemon need not be there yet. While it is not, connections are closed, as they would be without the guard.
 *
 * @throws {ToolscriptError} `invalid-argument` for a wrong option, or a place where it cannot listen
 * @example
 * const guard = await startGuard({ socketPath: "/run/toolscript/docker.sock", allowedImages: ["python:3.13-slim"] });
 */
export async function startGuard(options: GuardOptions): Promise<Guard> {
  const settings = resolveGuardOptions(options);
  const daemon = openDaemon(settings.upstream);
  const containers = new Containers(daemon, settings.maxContainers);
  const upkeep = startUpkeep(daemon, settings);
  const server = createGuardServer({ settings, daemon, containers, upkeep });
  const connections = trackConnections(server);
  server.maxConnections = SPARE_CONNECTIONS + CONNECTIONS_PER_CONTAINER * settings.maxContainers;
  try {
    await listenOnSocketFile(server, settings);
  } catch (error) {
    upkeep.stop();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    socketPath: settings.socketPath,
    close() {
      upkeep.stop();
      closing ??= closeGuard(server, connections, settings.socketPath);
      return closing;
    },
  };
}

function createGuardServer(context: GuardContext): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    insecureHTTPParser: false,
    requireHostHeader: true,
  });
  server.on("request", (request, response) => void answerRequest(context, request, response));
  server.on("upgrade", (request, socket, head) => void answerUpgrade(context, request, socket, head));
  const refuse = (request: IncomingMessage, socket: Duplex): void =>
    refuseConnection(
      context,
      socket,
      request,
      forbidden("it asks for something that the sandbox does not need"),
    );
  server.on("connect", refuse);
  server.on("checkContinue", (request: IncomingMessage) => refuse(request, request.socket));
  server.on("checkExpectation", (request: IncomingMessage) => refuse(request, request.socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET") socket.destroy();
    else {
      refuseConnection(
        context,
        socket,
        undefined,
        malformed(`it is not valid HTTP (${error.code ?? error.message})`),
      );
    }
  });
  return server;
}

/** A connection that was upgraded is no longer the server's: it would stay open. */
function trackConnections(server: Server): Set<Duplex> {
  const connections = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return connections;
}

async function closeGuard(
  server: Server,
  connections: ReadonlySet<Duplex>,
  socketPath: string,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(socketPath, { force: true });
  for (const connection of connections) connection.destroy();
  await closed;
}
