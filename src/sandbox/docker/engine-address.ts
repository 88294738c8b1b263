/**
 * Where the daemon is: an option or `DOCKER_HOST` as an address that the client understands.
 */
import { existsSync, readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type { DockerOptions as ClientOptions } from "dockerode";
import { ToolscriptError } from "../../errors.ts";

/** An address, for the client and for people. */
export interface EngineAddress {
  readonly client: ClientOptions;
  /** As a person would write it, with where it came from: `"tcp://a:1" (from DOCKER_HOST)`. */
  readonly shown: string;
}

const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/**
 * Reads the address of the daemon.
 *
 * @throws {ToolscriptError} `docker-unreachable` when it is no address
 */
export function resolveEngineAddress(
  host?: string,
  environment: NodeJS.ProcessEnv = process.env,
): EngineAddress {
  const named = host ?? (environment["DOCKER_HOST"] || undefined);
  const origin = host === undefined ? "from DOCKER_HOST" : "from the option `host`";
  if (named === undefined) {
    const path = defaultSocket();
    return { client: socketClient(path), shown: `"${path}"` };
  }
  const shown = `"${named}" (${origin})`;
  const [, scheme, rest = ""] = /^([a-z]+):\/\/(.*)$/.exec(named) ?? [];
  if (scheme === "unix" || scheme === "npipe") {
    return { client: socketClient(rest || defaultSocket()), shown };
  }
  return { client: networkClient(named, shown, environment), shown };
}

function socketClient(socketPath: string): ClientOptions {
  // A falsy `host` keeps the client from taking DOCKER_HOST instead. Each request has a connection of its own: one that
  // was kept alive would fail the first request after a restart of the daemon.
  return { socketPath, host: "", protocol: "http", ...withAgent(new HttpAgent()) };
}

function networkClient(named: string, shown: string, environment: NodeJS.ProcessEnv): ClientOptions {
  const url = parseNetworkAddress(named, shown);
  if (url.protocol === "ssh:") {
    return { protocol: "ssh", host: url.hostname, port: url.port || 22, username: url.username };
  }
  const secure =
    url.protocol === "https:" ||
    environment["DOCKER_TLS_VERIFY"] === "1" ||
    url.port === String(DEFAULT_TLS_PORT);
  const port = url.port || (secure ? DEFAULT_TLS_PORT : DEFAULT_PORT);
  const host = url.hostname;
  if (!secure) return { protocol: "http", host, port, ...withAgent(new HttpAgent()) };
  return { protocol: "https", host, port, ...readCertificates(environment), ...withAgent(new HttpsAgent()) };
}

function parseNetworkAddress(named: string, shown: string): URL {
  const text = named.includes("://") ? named : `tcp://${named}`;
  // `tcp:` is no scheme that the URL parser treats as having a host and port, `http:` is.
  const url = URL.parse(text.replace(/^tcp:/, "http:"));
  if (url !== null && ["http:", "https:", "ssh:"].includes(url.protocol) && url.hostname !== "") return url;
  throw new ToolscriptError(
    "docker-unreachable",
    `Reaching the Docker daemon failed: ${shown} is no address; wanted one like "unix:///var/run/docker.sock" or "tcp://localhost:2375"`,
  );
}

function readCertificates(environment: NodeJS.ProcessEnv): ClientOptions {
  const folder = environment["DOCKER_CERT_PATH"];
  if (folder === undefined || folder === "") return {};
  const read = (name: string) => readFileSync(join(folder, name));
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

/** The client takes an agent, though its types do not say so. */
function withAgent(agent: HttpAgent): ClientOptions {
  return { agent } as ClientOptions;
}

function defaultSocket(): string {
  if (process.platform === "win32") return "//./pipe/docker_engine";
  const own = join(homedir(), ".docker", "run", "docker.sock");
  return existsSync(own) ? own : "/var/run/docker.sock";
}
