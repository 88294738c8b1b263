/**
 * From a request line to one of the few requests that the sandbox needs.
 *
 * An allow-list: what is not named here is refused. Nothing is decoded, normalised or guessed, and nothing of the
 * client's text is sent on: the request to the daemon is written anew from the parts that were recognised.
 */
import { SANDBOX_LABEL } from "../container-spec.ts";
import { toEndFilters } from "../engine-http/calls.ts";
import { forbidden, malformed } from "./refusal.ts";

/** A request that may be let through, once its container or body has been looked at. */
export type GuardRequest =
  | { readonly kind: "ping" | "version" | "list" | "image"; readonly path: string }
  | { readonly kind: "create"; readonly path: string; readonly version: string }
  | { readonly kind: "events"; readonly container: string; readonly version: string; readonly rest: string }
  | {
      readonly kind: "attach" | "start" | "kill" | "wait" | "remove" | "inspect" | "stats";
      /** As it was named: a full id, or the name of a container of ours. */
      readonly container: string;
      readonly version: string;
      /** Follows the container's id in the path. */
      readonly rest: string;
    };

/** What the reading needs to know. */
export interface RequestLine {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** Earlier versions of the API read a create request in other ways: they drop `CgroupnsMode`, among others. */
const OLDEST_VERSION = 41;

const TARGET = /^(\/[A-Za-z0-9/._:@-]*)(?:\?([^#\s]*))?$/;
const VERSION = /^\/v1\.(\d{1,3})(?=\/)/;
const FULL_ID = /^[0-9a-f]{64}$/;
const END_FILTERS = /"container":\["([0-9a-f]{64})"\]/;
const CONTAINER = /^(?:[0-9a-f]{64}|toolscript-[0-9a-f]{16})$/;
/** Names of containers that the sandbox makes. */
const CONTAINER_NAME = /^toolscript-[0-9a-f]{16}$/;
const SIGNALS: ReadonlySet<string> = new Set(["SIGINT", "SIGKILL", "SIGTERM", "INT", "KILL", "TERM"]);
const CONDITIONS: ReadonlySet<string> = new Set(["not-running", "next-exit", "removed"]);
const BOOLEANS: ReadonlySet<string> = new Set(["true", "false", "1", "0"]);

/** Recognises a request. @throws {Refusal} 400 for a path that is written in an unusual way, 403 for all others */
export function readRequest(line: RequestLine, allowedImages: ReadonlySet<string>): GuardRequest {
  const [, path = "", queryText = ""] = TARGET.exec(line.target) ?? [];
  if (path === "" || /\/(?:\.{0,2})(?=\/)|\/\.{0,2}$/.test(path)) {
    throw malformed("its path is not a plain one");
  }
  const { version, bare } = splitVersion(path);
  const query = readQuery(queryText);
  const simple = readSimple(line.method, bare, version, query);
  if (simple !== undefined) return simple;
  const [, image] = (line.method === "GET" && /^\/images\/(.+)\/json$/.exec(bare)) || [];
  if (image !== undefined) {
    checkImage(image, query, allowedImages);
    return { kind: "image", path };
  }
  if (line.method === "POST" && bare === "/containers/create") return readCreate(version, query);
  return readContainer(line.method, bare, version, query) ?? refuse(line.method, bare);
}

function refuse(method: string, path: string): never {
  throw forbidden(`"${method} ${path}" is not among the requests that the sandbox needs`);
}

function splitVersion(path: string): { version: string; bare: string } {
  const [version = "", minor] = VERSION.exec(path) ?? [];
  if (minor !== undefined && Number(minor) < OLDEST_VERSION) {
    throw malformed(`it asks for version "1.${minor}" of the API, wanted "1.${OLDEST_VERSION}" or later`);
  }
  return { version, bare: path.slice(version.length) };
}

/** Every key once. */
function readQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(text)) {
    if (query.has(key)) throw malformed(`"${key}" is in the query twice`);
    query.set(key, value);
  }
  return query;
}

function allowOnly(query: ReadonlyMap<string, string>, values: Record<string, ReadonlySet<string>>): void {
  for (const [key, value] of query) {
    const allowed = Object.hasOwn(values, key) ? values[key] : undefined;
    if (allowed === undefined) throw forbidden(`the query has "${key}", which the sandbox does not need`);
    if (!allowed.has(value)) {
      throw forbidden(`the query's "${key}" is "${value}", wanted "${[...allowed].join('" or "')}"`);
    }
  }
}

function readSimple(
  method: string,
  path: string,
  version: string,
  query: ReadonlyMap<string, string>,
): GuardRequest | undefined {
  if ((method === "GET" || method === "HEAD") && path === "/_ping") {
    allowOnly(query, {});
    return { kind: "ping", path: `${version}${path}` };
  }
  if (method === "GET" && path === "/version") {
    allowOnly(query, {});
    return { kind: "version", path: `${version}${path}` };
  }
  if (method === "GET" && path === "/containers/json") return readList(version, query);
  if (method === "GET" && path === "/events") return readEvents(version, query);
  return undefined;
}

/** Seconds for which events may still be waited for; the sandbox asks for those that were. */
const MAX_EVENTS_AHEAD_SECONDS = 10;

/** The events of one container's end, and no others. */
function readEvents(version: string, query: ReadonlyMap<string, string>): GuardRequest {
  const { filters = "", until = "", ...rest } = Object.fromEntries(query);
  allowOnly(new Map(Object.entries(rest)), { since: new Set(["0"]) });
  const [, container = ""] = END_FILTERS.exec(filters) ?? [];
  if (filters !== toEndFilters(container) || !FULL_ID.test(container)) {
    throw forbidden("events can only be asked for the end of one container, under its full id");
  }
  const latest = Math.floor(Date.now() / 1000) + MAX_EVENTS_AHEAD_SECONDS;
  if (!/^\d{1,12}$/.test(until) || Number(until) > latest) {
    throw forbidden(`events can only be asked for until a time, at most "${latest}", not "${until}"`);
  }
  const forced = encodeURIComponent(toEndFilters(container));
  return { kind: "events", container, version, rest: `/events?since=0&until=${until}&filters=${forced}` };
}

/** The filter by our label is there whether the client asked for it or not. */
function readList(version: string, query: ReadonlyMap<string, string>): GuardRequest {
  const { filters, ...rest } = Object.fromEntries(query);
  allowOnly(new Map(Object.entries(rest)), { all: BOOLEANS });
  const labels = new Set([`${SANDBOX_LABEL}=1`, ...readLabelFilters(filters)]);
  const all = isTrue(rest["all"]) ? "all=1&" : "";
  const forced = encodeURIComponent(JSON.stringify({ label: [...labels] }));
  return { kind: "list", path: `${version}/containers/json?${all}filters=${forced}` };
}

function readLabelFilters(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  let filters: unknown;
  try {
    filters = JSON.parse(text);
  } catch {
    throw malformed("the query's filters are not JSON");
  }
  const { label, ...others } = (filters ?? {}) as Record<string, unknown>;
  const isPlain =
    Array.isArray(label) && label.every((each) => /^toolscript\.[a-z.-]+(?:=.{0,128})?$/.test(String(each)));
  if (isPlain && Object.keys(others).length === 0) return label.map(String);
  throw forbidden("containers can only be listed by labels of the sandbox");
}

function checkImage(
  image: string,
  query: ReadonlyMap<string, string>,
  allowedImages: ReadonlySet<string>,
): void {
  if (!allowedImages.has(image)) throw forbidden(`the image "${image}" is not on the list of allowed images`);
  allowOnly(query, {});
}

function readCreate(version: string, query: ReadonlyMap<string, string>): GuardRequest {
  const others = [...query.keys()].find((key) => key !== "name");
  if (others !== undefined) throw forbidden(`the query has "${others}", which the sandbox does not need`);
  const name = query.get("name") ?? "";
  if (!CONTAINER_NAME.test(name)) {
    throw forbidden(`the container's name is "${name}", wanted "toolscript-" and 16 hexadecimal digits`);
  }
  return { kind: "create", path: `${version}/containers/create?name=${name}`, version };
}

function readContainer(
  method: string,
  path: string,
  version: string,
  query: ReadonlyMap<string, string>,
): GuardRequest | undefined {
  const [, container = "", action] = /^\/containers\/([^/]+)(?:\/([a-z]+))?$/.exec(path) ?? [];
  const read = CONTAINER_REQUESTS.get(action === undefined ? method : `${method} ${action}`);
  if (container === "" || read === undefined) return undefined;
  const { kind, rest } = read(query);
  if (!CONTAINER.test(container)) {
    throw forbidden(`"${container}" is neither a full id nor the name of a container of the sandbox`);
  }
  return { kind, container, version, rest };
}

type ContainerRequest = {
  readonly kind: "attach" | "start" | "kill" | "wait" | "remove" | "inspect" | "stats";
  readonly rest: string;
};

/** Requests about one container, by method and the last part of the path. */
const CONTAINER_REQUESTS = new Map<string, (query: ReadonlyMap<string, string>) => ContainerRequest>([
  ["POST attach", readAttach],
  ["POST start", readStart],
  ["POST kill", readKill],
  ["POST wait", readWait],
  ["GET json", readInspect],
  ["GET stats", readStats],
  ["DELETE", readRemove],
]);

function readAttach(query: ReadonlyMap<string, string>): ContainerRequest {
  const streams = ["stream", "stdin", "stdout", "stderr"];
  // `hijack` is an option of a client, which sends it along; the daemon does not read it.
  allowOnly(query, Object.fromEntries([...streams, "hijack"].map((key) => [key, BOOLEANS])));
  const chosen = streams.filter((key) => isTrue(query.get(key))).map((key) => `${key}=1`);
  return { kind: "attach", rest: `/attach?${chosen.join("&")}` };
}

function readStart(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, {});
  return { kind: "start", rest: "/start" };
}

function readKill(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, { signal: SIGNALS });
  return { kind: "kill", rest: `/kill?signal=${query.get("signal") ?? "SIGKILL"}` };
}

function readWait(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, { condition: CONDITIONS });
  return { kind: "wait", rest: `/wait?condition=${query.get("condition") ?? "not-running"}` };
}

function readInspect(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, { size: new Set(["false", "0"]) });
  return { kind: "inspect", rest: "/json" };
}

/** One answer that ends at once, which both keys together mean; without them it is a stream without end. */
function readStats(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, { stream: new Set(["false"]), "one-shot": new Set(["true"]) });
  if (query.size < 2) throw forbidden('the figures of a container need "stream=false" and "one-shot=true"');
  return { kind: "stats", rest: "/stats?stream=false&one-shot=true" };
}

function readRemove(query: ReadonlyMap<string, string>): ContainerRequest {
  allowOnly(query, { force: BOOLEANS, v: BOOLEANS });
  const chosen = ["force", "v"].filter((key) => isTrue(query.get(key))).map((key) => `${key}=1`);
  return { kind: "remove", rest: `?${chosen.join("&")}` };
}

function isTrue(value: string | undefined): boolean {
  return value === "true" || value === "1";
}
