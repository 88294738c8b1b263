/**
 * The proxy: the Claude API's programmatic tool calling over any model and any sandbox.
 *
 * An app that was written for the Claude API changes its base URL and nothing else. The wire is described in
 * `docs/proxy.md`. Guarantee: after `close` no container is left and the port is free.
 */
import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ToolscriptError } from "../errors.ts";
import { createApp } from "./http/app.ts";
import { withBrowserAccess } from "./http/cors.ts";
import { findListenAddress } from "./http/listen-address.ts";
import { Lifecycle } from "./lifecycle.ts";
import { DEFAULT_CLOSE_DEADLINE_MS, type ProxyOptions, resolveOptions } from "./proxy-options.ts";
import { createServerState } from "./server-state.ts";

export type { ProxyOptions } from "./proxy-options.ts";

/** Milliseconds in which all headers of a request must have come. */
const HEADERS_TIMEOUT_MS = 30_000;
/** Milliseconds in which a whole request must have come: 32 MB over a slow line. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Milliseconds that an idle connection is kept: longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000;

/** Milliseconds that the last bytes of responses get when the server ends. */
const FLUSH_MS = 500;

/** Where a proxy listens. */
export interface ListeningProxy {
  readonly host: string;
  readonly port: number;
  /** What clients use as their base URL. */
  readonly url: string;
}

/** Options of {@link Proxy.close}. */
export interface CloseOptions {
  /** How long to wait for requests under way and for paused scripts, in milliseconds. @default 30_000 */
  readonly deadlineMs?: number;
}

/** A proxy. */
export interface Proxy extends AsyncDisposable {
  /** Answers a request of the program itself, without a socket: nothing tells then where the request comes from. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /**
   * Opens a port, without keys on an address of this machine alone.
   *
   * @throws {ToolscriptError} `invalid-argument` when it cannot be opened, or may not be
   */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<ListeningProxy>;
  /**
   * Refuses new conversations, waits for what is under way and for paused scripts until the deadline, then ends every
   * container and connection. The sandbox stays open: it belongs to whoever made it. Safe to call twice.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Creates a proxy.
 *
 * @example
 * const proxy = createProxy({
 *   model: (id) => bedrock(id, { region: "eu-central-1" }),
 *   names: bedrockModelNames({ region: "eu-central-1" }),
 *   sandbox: wasm(),
 * });
 * const { url } = await proxy.listen({ port: 8080 });
 */
export function createProxy(options: ProxyOptions): Proxy {
  const lifecycle = new Lifecycle();
  const state = createServerState(resolveOptions(options), lifecycle);
  const app = createApp(state);
  const fetch = withBrowserAccess((request, env) => app.fetch(request, env), state);
  let server: Server | undefined;
  let closing: Promise<void> | undefined;

  async function close(deadlineMs: number): Promise<void> {
    await lifecycle.drain(() => state.containers.areAwaited, deadlineMs);
    const closed = server === undefined ? undefined : endServer(server);
    await state.containers.close();
    await closed;
  }

  return {
    fetch: (request) => fetch(request),
    async listen({ port = 0, host = "127.0.0.1" } = {}) {
      const address = await findListenAddress(host, state.options.access.isLocal === true);
      server = createServer(fetch);
      state.connections.follow(server);
      const opened = await startServer(server, port, address);
      const name = host.includes(":") ? `[${host}]` : host;
      return { host, port: opened, url: `http://${name}:${opened}` };
    },
    close: ({ deadlineMs = DEFAULT_CLOSE_DEADLINE_MS } = {}) => (closing ??= close(deadlineMs)),
    [Symbol.asyncDispose]: () => (closing ??= close(0)),
  };
}

function createServer(fetch: (request: Request, env?: unknown) => Response | Promise<Response>): Server {
  return createAdaptorServer({
    fetch,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
  }) as Server;
}

/** Opens a port; gives its number. */
async function startServer(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolscriptError("invalid-argument", `Opening port "${port}" on "${host}" failed: ${reason}`, {
      cause: error,
    });
  }
  return (server.address() as AddressInfo).port;
}

/** Stops accepting; last bytes may still leave, and what then is open is cut. */
async function endServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const timer = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
  await promise;
  clearTimeout(timer);
}
