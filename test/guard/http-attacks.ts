/**
 * Requests that are written in ways which two readers could understand differently.
 */
import { type Attack, type Target, http } from "./attack.ts";

const UPGRADE = ["Connection: Upgrade", "Upgrade: tcp"];
const EXEC = "POST /containers/create?name=x HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\n\r\n{}";

const paths: readonly [path: string, status: 400 | 403][] = [
  ["//containers/json", 400],
  ["/containers//json", 400],
  ["/containers/../images/json", 400],
  ["/containers/./json", 400],
  ["/%2e%2e/images/json", 400],
  ["/containers/%2e%2e/images/json", 400],
  ["/containers%2Fjson", 400],
  ["/containers/OWN%2Fexec", 400],
  ["/containers/OWN%2F..%2FVICTIM/json", 400],
  ["/v1.41/../containers/VICTIM/json", 400],
  ["/v1.41//containers/json", 400],
  ["/v1.41/v1.41/containers/json", 403],
  ["/v1.24/containers/json", 400],
  ["/v1.9/version", 400],
  ["/v2.0/version", 403],
  ["/V1.41/version", 403],
  ["/v1.41x/version", 403],
  ["/containers/json/", 400],
  ["/containers/json;x", 400],
  ["/containers\\json", 400],
  ["/containers/json#x", 400],
  ["/CONTAINERS/json", 403],
  ["http://docker/containers/json", 400],
  ["http://other/containers/VICTIM/json", 400],
  ["*", 400],
];

const withOwn = (text: string, { own, victim }: Target): string =>
  text.replaceAll("OWN", own).replaceAll("VICTIM", victim);

/** Whole requests, byte for byte. */
const wires: readonly Attack[] = [
  {
    name: "two lengths",
    bytes: () =>
      `POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Length: 90\r\n\r\n{}${EXEC}`,
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a length and chunks",
    bytes: () =>
      `POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EXEC}`,
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "chunks that are not the last coding",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a coding that is written in an odd way",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a chunk with a wrong size",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "chunks with a body that is refused",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    says: "HostConfig",
  },
  {
    name: "a negative length",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a header over two lines",
    bytes: () => "GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\r\n b\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a header with a space before its colon",
    bytes: () =>
      "POST /containers/create?name=toolscript-badbadbadbadbad0 HTTP/1.1\r\nHost: d\r\nContent-Length : 2\r\n\r\n{}",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a header with a zero byte",
    bytes: () => "GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\0b\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "lines that end without a carriage return",
    bytes: () => "GET /_ping HTTP/1.1\nHost: d\n\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "huge headers",
    bytes: () => http("GET", "/_ping", undefined, [`X: ${"a".repeat(20_000)}`]),
    status: 400,
    says: "HPE_HEADER_OVERFLOW",
  },
  {
    name: "a huge path",
    bytes: () => http("GET", `/${"a".repeat(20_000)}`),
    status: 400,
    says: "HPE_HEADER_OVERFLOW",
  },
  { name: "HTTP/1.0", bytes: () => "GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n", status: 400, says: "HTTP 1.0" },
  { name: "HTTP/0.9", bytes: () => "GET /_ping\r\n\r\n", status: 400, says: "HTTP 0.9" },
  {
    name: "HTTP/2 without asking",
    bytes: () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    status: 400,
    says: "HTTP",
  },
  {
    name: "a method that does not exist",
    bytes: () => "EXEC /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a method in small letters",
    bytes: () => "get /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "bytes that are no HTTP",
    bytes: () => Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
    status: 400,
    says: "valid HTTP",
  },
  {
    name: "a tunnel",
    bytes: () => "CONNECT docker:80 HTTP/1.1\r\nHost: docker:80\r\n\r\n",
    says: "not need",
  },
  {
    name: "an expectation",
    bytes: ({ own }) =>
      `POST /containers/${own}/exec HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    says: "not need",
  },
  {
    name: "a GET with a body",
    bytes: ({ own }) => http("GET", `/containers/${own}/json`, EXEC),
    says: "body",
  },
  {
    name: "a DELETE with a body",
    bytes: ({ own }) => http("DELETE", `/containers/${own}`, EXEC),
    says: "body",
  },
  {
    name: "a kill with a long body",
    bytes: ({ own }) => http("POST", `/containers/${own}/kill?signal=SIGINT`, "x".repeat(5_000)),
    status: 400,
    says: "bytes",
  },
  {
    name: "a second request before the first is answered",
    bytes: ({ own }) => http("POST", `/containers/${own}/wait`) + http("POST", `/containers/${own}/exec`, {}),
    status: "cut",
    says: "still under way",
  },
];

/** Upgrades, each to something that is no attached container of this guard. */
const upgrades: readonly Attack[] = [
  ...["/session", "/grpc", "/_ping", "/containers/OWN/exec", "/containers/OWN/start", "/exec/x/start"].map(
    (path) => ({
      name: `an upgrade of ${path}`,
      bytes: (target: Target) => http("POST", withOwn(path, target), undefined, UPGRADE),
      says: /not among|only an attach/,
    }),
  ),
  {
    name: "an upgrade to HTTP/2",
    bytes: ({ own }) =>
      http("POST", `/containers/${own}/attach?stream=1`, undefined, [
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: x",
      ]),
    status: 400,
    says: '"tcp"',
  },
  {
    name: "an attach to a container that is not one of the sandbox",
    bytes: ({ victim }) => http("POST", `/containers/${victim}/attach?stream=1&stdin=1`, undefined, UPGRADE),
    says: "is not one of the sandbox",
  },
  {
    name: "an attach without an upgrade",
    bytes: ({ own }) => http("POST", `/containers/${own}/attach?stream=1`),
    status: 400,
    says: "upgrade",
  },
  {
    name: "an attach with chunks",
    bytes: ({ own }) =>
      http("POST", `/containers/${own}/attach?stream=1`, undefined, [
        ...UPGRADE,
        "Transfer-Encoding: chunked",
      ]),
    status: 400,
    says: "body",
  },
  {
    name: "an attach with a large body",
    bytes: ({ own }) =>
      http("POST", `/containers/${own}/attach?stream=1`, undefined, [...UPGRADE, "Content-Length: 100000"]),
    status: 400,
    says: "body",
  },
  {
    name: "an attach with keys that detach",
    bytes: ({ own }) => http("POST", `/containers/${own}/attach?stream=1&detachKeys=a`, undefined, UPGRADE),
    says: "detachKeys",
  },
  {
    name: "an attach with logs",
    bytes: ({ own }) => http("POST", `/containers/${own}/attach?logs=1`, undefined, UPGRADE),
    says: "logs",
  },
];

/** Every such request. */
export const httpAttacks: readonly Attack[] = [
  ...paths.map(([path, status]) => ({
    name: `the path "${path}"`,
    bytes: (target: Target) => http("GET", withOwn(path, target)),
    status,
    says: "",
  })),
  ...wires,
  ...upgrades,
];
