/**
 * The connections of a server: who is at the other end, and whether what was answered is taken.
 *
 * Guarantees: a peer's address is that of the moment when its connection was accepted; a response is over when its last
 * byte has left or its connection is gone, whatever kind of response it is; a client that does not take what waits for
 * it within the stall time loses its connection; what waits for all clients together is bounded.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Bytes that may wait for slow clients, all of them together. */
export const DEFAULT_MAX_UNREAD_BYTES = 256 * 1024 * 1024;

/** Milliseconds between two looks at what waits. */
const LOOK_EVERY_MS = 1_000;

/** What {@link addressOf} gives where nobody can tell the address any more. */
const UNKNOWN_ADDRESS = "unknown";

/** Options of {@link Connections}. */
export interface ConnectionsOptions {
  /** Milliseconds in which a client takes what waits for it. */
  readonly stallMs: number;
  /** @default 268_435_456 */
  readonly maxUnreadBytes?: number;
}

/** Why a response did not reach its client. */
export class ResponseFailure extends Error {
  override readonly name = "ResponseFailure";
  /** Whether the client was there and took nothing. */
  readonly isStall: boolean;

  constructor(isStall: boolean) {
    super(isStall ? "The client stopped reading" : "The client left");
    this.isStall = isStall;
  }
}

/** Hears the end of a response. */
export type OnOver = (failure: ResponseFailure | undefined) => void;

/** A response that is not over. */
interface OpenResponse {
  readonly outgoing: ServerResponse;
  readonly onOver: OnOver[];
}

/** A connection with such responses. */
interface Connection {
  readonly socket: Socket;
  readonly open: Set<OpenResponse>;
  /** What was there to take at some look, as a count of all bytes so far, and when that was. */
  due: { readonly bytes: number; readonly since: number } | undefined;
  isStalled: boolean;
}

const addresses = new WeakMap<Socket, string>();

/** The address at the other end of a socket, as it was when the connection was accepted. */
export function addressOf(socket: Socket): string {
  // A reset takes the address away.
  return addresses.get(socket) ?? socket.remoteAddress ?? UNKNOWN_ADDRESS;
}

/** The connections of one server. */
export class Connections {
  readonly #stallMs: number;
  readonly #maxUnreadBytes: number;
  readonly #bySocket = new WeakMap<Socket, Connection>();
  readonly #responses = new WeakMap<ServerResponse, OpenResponse>();
  /** Those with responses that are not over. */
  readonly #busy = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ stallMs, maxUnreadBytes = DEFAULT_MAX_UNREAD_BYTES }: ConnectionsOptions) {
    this.#stallMs = stallMs;
    this.#maxUnreadBytes = maxUnreadBytes;
  }

  /** Follows every connection of a server until that is closed. */
  follow(server: Server): void {
    server.on("connection", (socket: Socket) => {
      addresses.set(socket, socket.remoteAddress ?? UNKNOWN_ADDRESS);
    });
    server.prependListener("request", (incoming: IncomingMessage, outgoing: ServerResponse) =>
      this.#begin(incoming.socket, outgoing),
    );
    const lookEveryMs = Math.min(LOOK_EVERY_MS, this.#stallMs / 4);
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
    server.on("close", () => clearInterval(this.#timer));
  }

  /** Calls back, once, when the last byte of a response has left (without an error), or never will. */
  whenOver(outgoing: ServerResponse, onOver: OnOver): void {
    const response = this.#responses.get(outgoing);
    if (response === undefined) onOver(outgoing.writableFinished ? undefined : new ResponseFailure(false));
    else response.onOver.push(onOver);
  }

  #begin(socket: Socket, outgoing: ServerResponse): void {
    const connection = this.#of(socket);
    const response: OpenResponse = { outgoing, onOver: [] };
    connection.open.add(response);
    this.#busy.add(connection);
    this.#responses.set(outgoing, response);
    outgoing.once("close", () => this.#end(connection, response));
    if (socket.destroyed) this.#end(connection, response);
  }

  #of(socket: Socket): Connection {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { socket, open: new Set(), due: undefined, isStalled: false };
    this.#bySocket.set(socket, connection);
    // Responses that stand behind another one in a pipeline hear nothing of their connection's end.
    socket.once("close", () => {
      for (const response of connection.open) this.#end(connection, response);
    });
    return connection;
  }

  #end(connection: Connection, response: OpenResponse): void {
    if (!connection.open.delete(response)) return;
    if (connection.open.size === 0) this.#busy.delete(connection);
    const { outgoing, onOver } = response;
    this.#responses.delete(outgoing);
    const failure = outgoing.writableFinished ? undefined : new ResponseFailure(connection.isStalled);
    for (const call of onOver) call(failure);
  }

  #look(): void {
    const now = performance.now();
    let unread = 0;
    for (const connection of this.#busy) {
      if (this.#isLate(connection, now)) stop(connection);
      else unread += countUnread(connection);
    }
    if (unread > this.#maxUnreadBytes) this.#stopSlowest(unread, now);
  }

  /** Whether what waited at a look, the stall time ago, still waits. */
  #isLate(connection: Connection, now: number): boolean {
    const { writableLength, bytesWritten } = connection.socket;
    const { due } = connection;
    if (writableLength === 0) connection.due = undefined;
    else if (due === undefined || bytesWritten - writableLength >= due.bytes) {
      connection.due = { bytes: bytesWritten, since: now };
    } else return now - due.since >= this.#stallMs;
    return false;
  }

  /** Those first that have taken longest over what waits for them. */
  #stopSlowest(unread: number, now: number): void {
    const slow = [...this.#busy].filter((connection) => countUnread(connection) > 0);
    slow.sort((a, b) => (a.due?.since ?? now) - (b.due?.since ?? now));
    let left = unread;
    for (const connection of slow) {
      if (left <= this.#maxUnreadBytes) return;
      left -= countUnread(connection);
      stop(connection);
    }
  }
}

function countUnread({ socket, open }: Connection): number {
  let bytes = socket.writableLength;
  for (const { outgoing } of open) if (outgoing.socket === null) bytes += outgoing.writableLength;
  return bytes;
}

function stop(connection: Connection): void {
  connection.isStalled = true;
  connection.socket.destroy();
}
