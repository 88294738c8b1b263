/**
 * The few requests to the daemon that the sandbox needs, each with a deadline and with errors of ours.
 *
 * These, and no others, are what a filter in front of the daemon has to let through: image inspect, container create,
 * attach, start, inspect, kill, wait, remove and list by label.
 */
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import Docker, { type ContainerCreateOptions } from "dockerode";
import { ToolscriptError } from "../../errors.ts";
import { type ContainerSpec, SANDBOX_LABEL } from "./container-spec.ts";
import type { EngineAddress } from "./engine-address.ts";
import { engineStatus, toEngineError } from "./engine-error.ts";
import { withoutGone } from "./listing.ts";

/** First and longest pause, in milliseconds, between two looks whether a container has gone. */
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 2_000;

/** How a container stands, as far as it matters here. */
export interface ContainerState {
  readonly status: string;
  readonly running: boolean;
  readonly paused: boolean;
  readonly outOfMemory: boolean;
  readonly exitCode: number;
  readonly startedAt: string;
}

/** A container of ours in a listing. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The daemon's word: `created`, `running`, `paused`, `exited`, `dead`, `removing`. */
  readonly state: string;
}

/** Options of every request. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The daemon. Every method throws {@link ToolscriptError} with a `docker-…` code, `sandbox-timeout` or `aborted`. */
export interface Engine {
  /** For people, in sentences. */
  readonly address: string;
  /** Folders that the image declares as volumes. */
  imageVolumes(image: string, options?: RequestOptions): Promise<readonly string[]>;
  /** Returns the id. */
  create(name: string, spec: ContainerSpec): Promise<string>;
  /** Returns the raw connection, multiplexed. */
  attach(id: string, options?: RequestOptions): Promise<Duplex>;
  start(id: string, image: string, options?: RequestOptions): Promise<void>;
  /** Undefined when there is no such container. */
  inspect(id: string): Promise<ContainerState | undefined>;
  /** Sends a signal. False when the container does not run. */
  kill(id: string, signal: "SIGINT" | "SIGKILL"): Promise<boolean>;
  /** Resolves once the container does not run any more, or has gone. */
  waitStopped(id: string): Promise<void>;
  /** Resolves once the container has gone. */
  waitRemoved(id: string, timeoutMs?: number): Promise<void>;
  /** Kills and removes; resolves once the container has gone. */
  remove(id: string): Promise<void>;
  /** Every container of this sandbox, of whichever host and state. */
  list(): Promise<readonly ListedContainer[]>;
}

/** Opens a client. No request is made. */
export function openEngine(address: EngineAddress, requestTimeoutMs: number): Engine {
  return new EngineClient(address, requestTimeoutMs);
}

interface LimitedRequest extends RequestOptions {
  readonly timeoutMs?: number;
  readonly image?: string;
}

class EngineClient implements Engine {
  readonly address: string;
  readonly #docker: Docker;
  readonly #requestTimeoutMs: number;

  constructor(address: EngineAddress, requestTimeoutMs: number) {
    this.address = address.shown;
    this.#docker = new Docker(address.client);
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  imageVolumes(image: string, options: RequestOptions = {}): Promise<readonly string[]> {
    const look = async () => {
      const { Config } = await this.#docker.getImage(image).inspect();
      return Object.keys(Config.Volumes ?? {});
    };
    return this.#request("Looking at the image", look, { ...options, image });
  }

  async create(name: string, spec: ContainerSpec): Promise<string> {
    // Never cut off: a daemon that was only slow would make a container that nobody knows of.
    const creating = createContainer(this.#docker, name, spec);
    const image = spec.Image ?? "";
    try {
      return await this.#request("Creating a container", () => creating, { image });
    } catch (error) {
      creating.then((id) => this.remove(id)).catch(() => {}); // the error is told already, or is the reaper's
      throw error;
    }
  }

  attach(id: string, options: RequestOptions = {}): Promise<Duplex> {
    const attach = (abortSignal: AbortSignal) => attachRaw(this.#docker, id, abortSignal);
    return this.#request("Attaching to a container", attach, options);
  }

  start(id: string, image: string, options: RequestOptions = {}): Promise<void> {
    const start = async (abortSignal: AbortSignal) => {
      await this.#docker.getContainer(id).start({ abortSignal });
    };
    return this.#request("Starting a container", start, { ...options, image });
  }

  inspect(id: string): Promise<ContainerState | undefined> {
    const inspect = (abortSignal: AbortSignal) => inspectState(this.#docker, id, abortSignal);
    return this.#request("Looking at a container", inspect);
  }

  kill(id: string, signal: "SIGINT" | "SIGKILL"): Promise<boolean> {
    const kill = async (abortSignal: AbortSignal) => {
      const sent = this.#docker.getContainer(id).kill({ signal, abortSignal });
      return await sent.then(() => true, unlessGone);
    };
    return this.#request("Sending a signal to a container", kill);
  }

  waitStopped(id: string): Promise<void> {
    return this.#wait(id, "not-running", this.#requestTimeoutMs);
  }

  async waitRemoved(id: string, timeoutMs = this.#requestTimeoutMs): Promise<void> {
    const done = new AbortController();
    const { signal } = done;
    try {
      const waiting = this.#wait(id, "removed", timeoutMs, signal);
      await Promise.race([waiting, this.#lookUntilGone(id, signal)]);
    } finally {
      done.abort();
    }
  }

  /** A request to wait that arrives while the container is being removed is never answered by some daemons (20.10). */
  async #lookUntilGone(id: string, signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_LOOK_MS;
    do {
      await setTimeout(pauseMs, undefined, { signal });
      pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS);
    } while ((await this.inspect(id)) !== undefined);
  }

  /**
   * The daemon removes a container of ours when it has ended. To ask for its removal while it runs is no substitute:
   * when it ends by itself at that moment, the daemon waits ten seconds for it to do so.
   */
  async remove(id: string): Promise<void> {
    const gone = this.waitRemoved(id);
    const killed = this.kill(id, "SIGKILL");
    const isGoing = await Promise.any([killed, gone.then(() => true)]).catch(() => killed);
    if (!isGoing) await this.#delete(id);
    await gone;
  }

  #delete(id: string): Promise<void> {
    const remove = async (abortSignal: AbortSignal) => {
      const options = { force: true, v: true, abortSignal };
      await this.#docker.getContainer(id).remove(options).catch(unlessGone);
    };
    return this.#request("Removing a container", remove);
  }

  list(): Promise<readonly ListedContainer[]> {
    return this.#request("Listing containers", (signal) => listOurs(this.#docker, signal));
  }

  #wait(
    id: string,
    condition: "not-running" | "removed",
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const wait = async (abortSignal: AbortSignal) => {
      await this.#docker.getContainer(id).wait({ condition, abortSignal }).catch(unlessGone);
    };
    return this.#request("Waiting for a container to end", wait, { timeoutMs, signal });
  }

  /** Makes one request, and gives it up after the deadline or when the caller does. */
  async #request<T>(
    action: string,
    make: (abortSignal: AbortSignal) => Promise<T>,
    { signal, timeoutMs = this.#requestTimeoutMs, image = "" }: LimitedRequest = {},
  ): Promise<T> {
    const deadline = new AbortController();
    const timer = globalThis.setTimeout(() => deadline.abort(), timeoutMs);
    const either = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
    try {
      either.throwIfAborted();
      return await Promise.race([make(either), rejectOnAbort(either)]);
    } catch (error) {
      if (signal?.aborted === true) throw toAbortError(action, signal.reason);
      if (deadline.signal.aborted) throw tooSlow(action, this.address, timeoutMs, error);
      throw toEngineError(error, { action, address: this.address, image });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Some requests of the client cannot be aborted; waiting for them can. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

/** 404: no such container. 409: it is not running, or is being removed. False: there was nothing to do. */
function unlessGone(error: unknown): false {
  const status = engineStatus(error);
  if (status !== 404 && status !== 409) throw error;
  return false;
}

async function createContainer(docker: Docker, name: string, spec: ContainerSpec): Promise<string> {
  // Left to itself the client repeats the whole request in the query, the runner's text included.
  const options = { _query: { name }, _body: spec };
  return (await docker.createContainer(options as ContainerCreateOptions)).id;
}

async function attachRaw(docker: Docker, id: string, abortSignal: AbortSignal): Promise<Duplex> {
  const stream = await docker.getContainer(id).attach({
    stream: true,
    stdin: true,
    stderr: true,
    hijack: true,
    abortSignal,
  });
  return stream as Duplex; // after an upgrade the client hands out the connection itself
}

async function inspectState(
  docker: Docker,
  id: string,
  abortSignal: AbortSignal,
): Promise<ContainerState | undefined> {
  try {
    const { State } = await docker.getContainer(id).inspect({ abortSignal });
    return {
      status: State.Status,
      running: State.Running,
      paused: State.Paused,
      outOfMemory: State.OOMKilled,
      exitCode: State.ExitCode,
      startedAt: State.StartedAt,
    };
  } catch (error) {
    if (engineStatus(error) === 404) return undefined;
    throw error;
  }
}

async function listOurs(docker: Docker, abortSignal: AbortSignal): Promise<ListedContainer[]> {
  const filters = { label: [`${SANDBOX_LABEL}=1`] };
  const listed = await docker.listContainers({ all: true, filters, abortSignal });
  const isKnown = async (id: string) => (await inspectState(docker, id, abortSignal)) !== undefined;
  const found = await withoutGone(listed, isKnown);
  return found.map(({ Id, Labels, State }) => ({ id: Id, labels: Labels, state: State }));
}

function tooSlow(action: string, address: string, timeoutMs: number, cause: unknown): ToolscriptError {
  return new ToolscriptError(
    "sandbox-timeout",
    `${action} failed: the Docker daemon at ${address} did not answer within "${timeoutMs}" ms; is it overloaded?`,
    { cause },
  );
}

/** A reason of ours tells more than that it was aborted: a deadline, a pool that was closed. */
function toAbortError(action: string, reason: unknown): ToolscriptError {
  if (reason instanceof ToolscriptError) return reason;
  return new ToolscriptError("aborted", `${action} was given up because its signal was aborted`, {
    cause: reason,
  });
}
