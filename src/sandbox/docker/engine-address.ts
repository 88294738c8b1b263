/**
 * Where the daemon is: an option or `DOCKER_HOST` as a way to it.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ToolscriptError, toErrorMessage } from "../../errors.ts";
import type { Certificates, EngineTransport } from "./engine-http/transport.ts";

/** An address, for connections and for people. */
export interface EngineAddress {
  readonly transport: EngineTransport;
  /** As a person would write it, with where it came from: `"tcp://a:1" (from DOCKER_HOST)`. */
  readonly shown: string;
}

const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/** No password, which ssh would not take, and no path: which socket it is, the other machine decides. */
const SSH_ADDRESS = /^ssh:\/\/(?:(\w[\w.-]*)@)?(\w[\w.-]*|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?\/?$/;

/**
 * Reads the address of the daemon.
 *
 * @throws {ToolscriptError} `docker-unreachable` when it is no address, or its certificates cannot be read
 */
export function resolveEngineAddress(
  host?: string,
  environment: NodeJS.ProcessEnv = process.env,
): EngineAddress {
  const named = host ?? (environment["DOCKER_HOST"] || undefined);
  const origin = host === undefined ? "from DOCKER_HOST" : "from the option `host`";
  if (named === undefined) {
    const path = defaultSocket();
    return { transport: { kind: "socket", path }, shown: `"${path}"` };
  }
  const shown = `"${named}" (${origin})`;
  const [, scheme, rest = ""] = /^([a-z]+):\/\/(.*)$/.exec(named) ?? [];
  if (scheme === "unix" || scheme === "npipe") {
    return { transport: { kind: "socket", path: rest || defaultSocket() }, shown };
  }
  if (scheme === "ssh") return { transport: readSshAddress(named, shown), shown };
  return { transport: readNetworkAddress(named, shown, environment), shown };
}

function readSshAddress(named: string, shown: string): EngineTransport {
  const [, user, host, port] = SSH_ADDRESS.exec(named) ?? [];
  if (host === undefined) throw noAddress(shown, "ssh://user@host");
  return {
    kind: "ssh",
    host: withoutBrackets(host),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function readNetworkAddress(named: string, shown: string, environment: NodeJS.ProcessEnv): EngineTransport {
  const [, scheme = "tcp", rest = ""] = /^(?:(.*?):\/\/)?(.*)$/s.exec(named) ?? [];
  // The scheme is one that the URL parser does not know: of `https://host:443` it would drop the port.
  const url = URL.parse(`tcp://${rest}`);
  if (url === null || !["tcp", "http", "https"].includes(scheme) || url.hostname === "") {
    throw noAddress(shown, "tcp://localhost:2375");
  }
  const isSecure =
    scheme === "https" ||
    (environment["DOCKER_TLS_VERIFY"] ?? "") !== "" ||
    url.port === String(DEFAULT_TLS_PORT);
  const host = withoutBrackets(url.hostname);
  if (!isSecure) return { kind: "tcp", host, port: Number(url.port || DEFAULT_PORT) };
  const certificates = readCertificates(shown, environment);
  return { kind: "tls", host, port: Number(url.port || DEFAULT_TLS_PORT), certificates };
}

function noAddress(shown: string, wanted: string): ToolscriptError {
  return new ToolscriptError(
    "docker-unreachable",
    `Reaching the Docker daemon failed: ${shown} is no address; wanted one like "unix:///var/run/docker.sock" or "${wanted}"`,
  );
}

function readCertificates(shown: string, environment: NodeJS.ProcessEnv): Certificates {
  const folder = environment["DOCKER_CERT_PATH"];
  if (folder === undefined || folder === "") return {};
  const read = (name: string) => readFileSync(join(folder, name));
  try {
    return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  } catch (cause) {
    throw new ToolscriptError(
      "docker-unreachable",
      `Reaching the Docker daemon at ${shown} failed: the certificates in DOCKER_CERT_PATH cannot be read (${toErrorMessage(cause)})`,
      { cause },
    );
  }
}

function withoutBrackets(host: string): string {
  return host.replaceAll(/[[\]]/g, "");
}

function defaultSocket(): string {
  if (process.platform === "win32") return "//./pipe/docker_engine";
  const own = join(homedir(), ".docker", "run", "docker.sock");
  return existsSync(own) ? own : "/var/run/docker.sock";
}
