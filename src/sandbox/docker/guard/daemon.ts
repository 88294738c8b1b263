/**
 * The way to the real daemon: requests written by the guard, each on a connection of its own.
 *
 * A connection is never used twice and never shared, so that nothing which one request leaves on it can be read as
 * part of another.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import { SANDBOX_LABEL } from "../container-spec.ts";
import { type Listed, withoutGone } from "../listing.ts";
import type { LabelledContainer } from "../reaper.ts";

/** A request to the daemon. `path` was written by the guard. */
export interface DaemonRequest {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a container is, as far as the guard asks. */
export interface FoundContainer {
  readonly id: string;
  /** Whether it carries the label of the sandbox. */
  readonly isOurs: boolean;
}

/** The real daemon. */
export interface Daemon {
  /** Sends a request; the caller listens. */
  send(request: DaemonRequest): ClientRequest;
  /** Sends a request and waits for the head of the answer. */
  ask(request: DaemonRequest, signal?: AbortSignal): Promise<IncomingMessage>;
  /** Undefined when there is none. */
  findContainer(name: string): Promise<FoundContainer | undefined>;
  /** Containers with the label of the sandbox, in whichever state. */
  listOurs(): Promise<readonly LabelledContainer[]>;
  /** Folders that an image declares as volumes; empty when there is no such image. */
  imageVolumes(image: string): Promise<readonly string[]>;
  /** Kills and removes. */
  remove(id: string): Promise<void>;
}

/** Time in which the daemon answers a request of the guard's own, in milliseconds. */
const OWN_REQUEST_TIMEOUT_MS = 30_000;

/** The daemon behind a socket. No connection is made yet. */
export function openDaemon(socketPath: string): Daemon {
  const send = ({ method, path, body, headers = {} }: DaemonRequest): ClientRequest => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const length = method === "POST" ? { "content-length": String(Buffer.byteLength(text)) } : {};
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const outgoing = request({
      method,
      path,
      headers: { host: "docker", connection: "close", ...length, ...type, ...headers },
      // The end of one direction of an attached stream must not end the other.
      createConnection: () => connect({ path: socketPath, allowHalfOpen: true }),
    });
    outgoing.end(text);
    return outgoing;
  };
  const ask = (asked: DaemonRequest, signal?: AbortSignal) => waitForAnswer(send(asked), signal);
  const read = async (method: string, path: string): Promise<unknown> => {
    const answer = await ask({ method, path }, AbortSignal.timeout(OWN_REQUEST_TIMEOUT_MS));
    if (answer.statusCode === 200) return await json(answer);
    answer.resume();
    if (answer.statusCode === 404) return undefined;
    throw new Error(`the daemon answered ${answer.statusCode} to ${method} ${path}`);
  };

  const findContainer = async (name: string): Promise<FoundContainer | undefined> => {
    const found = (await read("GET", `/containers/${name}/json`)) as InspectedContainer | undefined;
    if (found === undefined) return undefined;
    return { id: found.Id, isOurs: found.Config.Labels?.[SANDBOX_LABEL] === "1" };
  };

  return {
    send,
    ask,
    findContainer,
    async listOurs() {
      const filters = encodeURIComponent(JSON.stringify({ label: [`${SANDBOX_LABEL}=1`] }));
      const listed = await read("GET", `/containers/json?all=1&filters=${filters}`);
      const isKnown = async (id: string) => (await findContainer(id)) !== undefined;
      const found = await withoutGone((listed ?? []) as readonly ListedWithLabels[], isKnown);
      return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }));
    },
    async imageVolumes(image) {
      const found = (await read("GET", `/images/${image}/json`)) as InspectedImage | undefined;
      return Object.keys(found?.Config?.Volumes ?? {});
    },
    async remove(id) {
      const path = `/containers/${id}?force=1&v=1`;
      (await ask({ method: "DELETE", path }, AbortSignal.timeout(OWN_REQUEST_TIMEOUT_MS))).resume();
    },
  };
}

interface ListedWithLabels extends Listed {
  readonly Labels?: Readonly<Record<string, string>> | null;
}

interface InspectedContainer {
  readonly Id: string;
  readonly Config: { readonly Labels?: Readonly<Record<string, string>> | null };
}

interface InspectedImage {
  readonly Config?: { readonly Volumes?: Readonly<Record<string, unknown>> | null } | null;
}

function waitForAnswer(outgoing: ClientRequest, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      outgoing.destroy(new Error("the request was given up"));
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    outgoing.once("close", () => signal?.removeEventListener("abort", abort));
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
}
