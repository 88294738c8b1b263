/**
 * Ways to the daemon: a socket of this machine, TCP, TLS, or the `ssh` program. What comes out is a connection that HTTP
 * can be spoken over, whichever it was.
 */
import { type Socket, connect, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecurely } from "node:tls";
import { type SshTarget, openSshConnection } from "./ssh-connection.ts";

/** Where the daemon is, and how to get there. */
export type EngineTransport =
  /** A Unix socket, or a named pipe of Windows. */
  | { readonly kind: "socket"; readonly path: string }
  | ({ readonly kind: "tcp" } & NetworkTarget)
  | ({ readonly kind: "tls"; readonly certificates: Certificates } & NetworkTarget)
  | ({ readonly kind: "ssh" } & SshTarget);

/** A machine and its port. An IPv6 address has no brackets. */
export interface NetworkTarget {
  readonly host: string;
  readonly port: number;
}

/** PEM. Without `ca` the authorities that Node.js trusts count. */
export interface Certificates {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Opens a connection; what goes wrong is its `error` event. When the daemon ends it, this side ends, too. */
export function openConnection(transport: EngineTransport): Duplex {
  switch (transport.kind) {
    case "socket":
      return connect({ path: transport.path });
    case "tcp":
      return connect({ host: transport.host, port: transport.port });
    case "tls":
      return connectTls(transport);
    case "ssh":
      return openSshConnection(transport);
  }
}

function connectTls({ host, port, certificates }: NetworkTarget & { certificates: Certificates }): Socket {
  // An IP address is no name that TLS could ask for; the certificate is held against it all the same.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectSecurely({ host, port, ...servername, ...certificates });
}

/** The value of the `Host` header. A local daemon does not look at it. */
export function toHostHeader(transport: EngineTransport): string {
  if (transport.kind !== "tcp" && transport.kind !== "tls") return "docker";
  const { host, port } = transport;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
