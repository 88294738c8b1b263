/**
 * One TCP port that speaks HTTP/2 in clear text (prior knowledge) and HTTP/1.1.
 *
 * A new connection is read until its first bytes tell the protocol (`PRI`, the start of the HTTP/2 preface; RFC 9113
 * section 3.4) and then handed to Node's HTTP/2 or HTTP/1.1 server, both of which never listen themselves. Handlers see
 * one kind of exchange. Closing ends every connection at once. No page of a browser gets as far as a handler. It must not
 * know any service.
 */
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { isForeignPage, isLocalHost, isLoopbackAddress, isPage } from "../../http/local-request.ts";
import { HttpExchange, type AnyRequest, type AnyResponse } from "./http-exchange.ts";

/** Where and how to listen. */
export interface HttpListenerOptions {
  /** @default "127.0.0.1" */
  host?: string;
  /** TCP port; 0 picks a free one. @default 0 */
  port?: number;
}

/** A listening port. */
export interface HttpListener {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly port: number;
  /** Ends every connection and stops listening. May be called twice. */
  close(): Promise<void>;
}

/** Answers one request. It must not reject: what it throws ends the connection. */
export type ExchangeHandler = (exchange: HttpExchange) => Promise<void>;

const HTTP2_PREFACE_START = "PRI";

/** Starts listening. */
export async function listenHttp(
  handler: ExchangeHandler,
  options: HttpListenerOptions = {},
): Promise<HttpListener> {
  const { host = "127.0.0.1", port = 0 } = options;
  const sockets = new Set<Socket>();
  let isLocal = true;
  const onRequest = (request: AnyRequest, response: AnyResponse): void => {
    const exchange = new HttpExchange(request, response);
    if (isForeign(exchange.headers, isLocal)) {
      refuse(exchange);
      return;
    }
    handler(exchange)
      .catch(() => exchange.cut())
      .catch(() => {}); // the connection is gone already
  };
  const http1 = createHttp1Server({ keepAliveTimeout: 60_000 }, onRequest);
  const http2 = createHttp2Server({}, onRequest);
  // A client that drops its connection is no event here: its exchanges see `close`.
  http2.on("sessionError", () => undefined);
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    sniffProtocol(socket, (isHttp2) => {
      (isHttp2 ? http2 : http1).emit("connection", socket);
    });
  });
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  isLocal = isLoopbackAddress(address.address);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: () => closeServer(server, sockets),
  };
}

/**
 * Whether a page in a browser asks, which the keys of an emulator, known to everybody, do not keep out. A server of this
 * machine answers to no other name than this machine's.
 */
function isForeign(headers: HttpExchange["headers"], isLocal: boolean): boolean {
  const page = { origin: headers["origin"] ?? null, fetchSite: headers["sec-fetch-site"] ?? null };
  if (!isLocal) return isPage(page);
  const names = [headers["host"], headers[":authority"]].filter((name) => name !== undefined);
  return names.length === 0 || !names.every(isLocalHost) || isForeignPage(page);
}

function refuse(exchange: HttpExchange): void {
  const body = JSON.stringify({ message: "This server answers to programs of this machine only" });
  const headers = { "content-type": "application/json", "x-amzn-errortype": "AccessDeniedException" };
  exchange.respond(403, exchange.protocol === "h1" ? { ...headers, connection: "close" } : headers, body);
}

/** Calls back once the first bytes tell the protocol; the bytes are put back for the server that takes over. */
function sniffProtocol(socket: Socket, decided: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      return;
    }
    seen = Buffer.concat([seen, chunk]);
    const start = seen.toString("latin1", 0, HTTP2_PREFACE_START.length);
    if (seen.length < HTTP2_PREFACE_START.length && HTTP2_PREFACE_START.startsWith(start)) {
      return;
    }
    socket.off("readable", onReadable);
    socket.unshift(seen);
    decided(start === HTTP2_PREFACE_START);
  };
  socket.on("readable", onReadable);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) {
      socket.destroy();
    }
  });
}
