/**
 * The daemon for tests, probes and the making of images: what the sandbox itself has no need to ask for.
 *
 * It shares the requests with the sandbox (`src/sandbox/docker/engine-http/`), not what is made of them: paths, fields
 * and errors here are the daemon's own.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable, Writable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { resolveEngineAddress } from "../src/sandbox/docker/engine-address.ts";
import {
  type EngineRequest,
  ask,
  askForAnswer,
  openRequest,
  toPath,
  upgrade,
  waitForAnswer,
} from "../src/sandbox/docker/engine-http/request.ts";
import type { EngineTransport } from "../src/sandbox/docker/engine-http/transport.ts";

/** What `GET /containers/ID/json` answers, as far as anybody looks at it. */
export interface InspectedContainer {
  readonly Name: string;
  readonly RestartCount: number;
  readonly LogPath: string;
  readonly State: { readonly Status: string; readonly Running: boolean; readonly Paused: boolean };
  readonly Config: {
    readonly User: string;
    readonly Cmd: readonly string[] | null;
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly unknown[];
  readonly NetworkSettings: { readonly Networks: object };
}

/** A container in the answer to `GET /containers/json`. */
export interface ListedContainer {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Filters of a listing. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Answers of these calls may be long, and come from the machine's own daemon. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** A daemon. Errors have its status as `statusCode`. */
export class DockerClient {
  readonly #transport: EngineTransport;

  /** @param host - an address, as `DOCKER_HOST` has it. @default that of DOCKER_HOST, else the local socket */
  constructor(host?: string) {
    this.#transport = resolveEngineAddress(host).transport;
  }

  /** The daemon's version. */
  async version(): Promise<string> {
    return ((await this.#ask("GET", "/version")) as { Version: string }).Version;
  }

  /** Makes a container of whatever the request says. */
  async createContainer(body: object, name?: string): Promise<DockerContainer> {
    const query = name === undefined ? {} : { name };
    const created = await this.#ask("POST", "/containers/create", { query, body });
    return this.getContainer((created as { Id: string }).Id);
  }

  /** By id or name; it need not exist. */
  getContainer(id: string): DockerContainer {
    return new DockerContainer(this.#transport, id);
  }

  /** Running ones, or all. */
  async listContainers(
    options: { readonly all?: boolean; readonly filters?: Filters } = {},
  ): Promise<readonly ListedContainer[]> {
    const { all = false, filters = {} } = options;
    const query = { all: String(all), filters: JSON.stringify(filters) };
    return (await this.#ask("GET", "/containers/json", { query })) as readonly ListedContainer[];
  }

  /** Labels of an image. */
  async imageLabels(image: string): Promise<Readonly<Record<string, string>>> {
    const found = (await this.#ask("GET", toPath`/images/${image}/json`)) as {
      Config?: { Labels?: Record<string, string> | null } | null;
    };
    return found.Config?.Labels ?? {};
  }

  /** An image as an archive. */
  async saveImage(image: string): Promise<IncomingMessage> {
    return await askForAnswer(this.#transport, { method: "GET", path: toPath`/images/${image}/get` });
  }

  /** Takes an archive of images. */
  async loadImage(archive: Readable): Promise<void> {
    await this.#send("/images/load", archive);
  }

  /** Makes an image of the archive of a folder with a Dockerfile. Without a network. */
  async buildImage(context: Readable, name: string): Promise<void> {
    await this.#send(`/build?${new URLSearchParams({ t: name, networkmode: "none" }).toString()}`, context);
  }

  /** Makes an image of the archive of a root folder; `changes` are lines of a Dockerfile. */
  async importImage(root: Readable, name: string, changes: readonly string[]): Promise<void> {
    const [repo = "", tag = ""] = name.split(":");
    const query = new URLSearchParams({ fromSrc: "-", repo, tag });
    for (const change of changes) query.append("changes", change);
    await this.#send(`/images/create?${query.toString()}`, root);
  }

  /** Removes an image, also one that is in use. */
  async removeImage(image: string): Promise<void> {
    await this.#ask("DELETE", toPath`/images/${image}`, { query: { force: "true" } });
  }

  async #ask(
    method: EngineRequest["method"],
    path: string,
    options: Pick<EngineRequest, "query" | "body"> = {},
  ): Promise<unknown> {
    return await ask(this.#transport, { method, path, maxAnswerBytes: MAX_ANSWER_BYTES, ...options });
  }

  /** Sends an archive and waits until the daemon has worked it off, of which it tells line by line. */
  async #send(path: string, archive: Readable): Promise<void> {
    const headers = { "content-type": "application/x-tar" };
    const outgoing = openRequest(this.#transport, { method: "POST", path, headers });
    const [answer] = await Promise.all([waitForAnswer(outgoing), pipeline(archive, outgoing)]);
    const said = await readText(answer);
    if (said.includes('"error"')) throw new Error(`the daemon answered ${said.trim()}`);
  }
}

/** One container of a {@link DockerClient}. */
export class DockerContainer {
  readonly id: string;
  readonly #transport: EngineTransport;

  constructor(transport: EngineTransport, id: string) {
    this.id = id;
    this.#transport = transport;
  }

  /** @throws with `statusCode` 404 when there is none */
  async inspect(): Promise<InspectedContainer> {
    return (await this.#ask("GET", "/json")) as InspectedContainer;
  }

  /** Starts it. */
  async start(): Promise<void> {
    await this.#ask("POST", "/start");
  }

  /** Freezes its processes. */
  async pause(): Promise<void> {
    await this.#ask("POST", "/pause");
  }

  /** Sends SIGKILL. */
  async kill(): Promise<void> {
    await this.#ask("POST", "/kill");
  }

  /** Resolves with its exit code when the condition holds. */
  async wait(condition: "next-exit" | "removed"): Promise<number> {
    return ((await this.#ask("POST", "/wait", { condition })) as { StatusCode: number }).StatusCode;
  }

  /** Kills and removes it. */
  async remove(): Promise<void> {
    await this.#ask("DELETE", "", { force: "true" });
  }

  /** Its output; both streams in one, with headers, when it has no terminal. */
  async attach(): Promise<Duplex> {
    const query = { stream: "true", stdout: "true", stderr: "true" };
    return await upgrade(this.#transport, { method: "POST", path: this.#path("/attach"), query });
  }

  async #ask(method: EngineRequest["method"], action: string, query = {}): Promise<unknown> {
    return await ask(this.#transport, { method, path: this.#path(action), query });
  }

  #path(action: string): string {
    return toPath`/containers/${this.id}${action}`;
  }
}

const HEADER_BYTES = 8;

/** Splits the output of a container without a terminal: headers (stream, three zero bytes, length), each with its bytes. */
export function splitOutput(output: Readable, stdout: Writable, stderr: Writable): void {
  let rest: Buffer = Buffer.alloc(0);
  output.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) return;
      (rest[0] === 2 ? stderr : stdout).write(rest.subarray(HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  });
}
