/**
 * The daemon as the sandbox sees it: its calls, each with a deadline and with errors of ours, and what is made of them.
 */
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { ToolscriptError } from "../../errors.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { EngineAddress } from "./engine-address.ts";
import { toEngineError } from "./engine-error.ts";
import * as calls from "./engine-http/calls.ts";
import type { EngineTransport } from "./engine-http/transport.ts";

export type { ContainerEnd, ListedContainer } from "./engine-http/calls.ts";

/** First and longest pause, in milliseconds, between two looks whether a container has gone. */
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 2_000;

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
  inspect(id: string): Promise<calls.ContainerState | undefined>;
  /** How a container ended that has gone; undefined when the daemon does not remember. */
  howEnded(id: string): Promise<calls.ContainerEnd | undefined>;
  /** Sends a signal. False when the container does not run. */
  kill(id: string, signal: "SIGINT" | "SIGKILL"): Promise<boolean>;
  /** Resolves once the container does not run any more, or has gone. */
  waitStopped(id: string): Promise<void>;
  /** Resolves once the container has gone. */
  waitRemoved(id: string, timeoutMs?: number): Promise<void>;
  /** Kills and removes; resolves once the container has gone. */
  remove(id: string): Promise<void>;
  /** Every container of this sandbox, of whichever host and state. */
  list(): Promise<readonly calls.ListedContainer[]>;
  /** What a container has used since its start; undefined when it does not run. */
  usage(id: string): Promise<{ readonly processorMs: number } | undefined>;
  /** The daemon's version. */
  version(): Promise<string>;
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
  readonly #transport: EngineTransport;
  readonly #requestTimeoutMs: number;

  constructor(address: EngineAddress, requestTimeoutMs: number) {
    this.address = address.shown;
    this.#transport = address.transport;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  imageVolumes(image: string, options: RequestOptions = {}): Promise<readonly string[]> {
    const look = (context: calls.CallContext) => calls.imageVolumes(context, image);
    return this.#request("Looking at the image", look, { ...options, image });
  }

  async create(name: string, spec: ContainerSpec): Promise<string> {
    // Never cut off: a daemon that was only slow would make a container that nobody knows of.
    const creating = calls.createContainer({ transport: this.#transport }, name, spec);
    try {
      return await this.#request("Creating a container", () => creating, { image: spec.Image });
    } catch (error) {
      creating.then((id) => this.remove(id)).catch(() => {}); // the error is told already, or is the reaper's
      throw error;
    }
  }

  attach(id: string, options: RequestOptions = {}): Promise<Duplex> {
    const attach = (context: calls.CallContext) => calls.attachToContainer(context, id);
    return this.#request("Attaching to a container", attach, options);
  }

  start(id: string, image: string, options: RequestOptions = {}): Promise<void> {
    const start = (context: calls.CallContext) => calls.startContainer(context, id);
    return this.#request("Starting a container", start, { ...options, image });
  }

  inspect(id: string): Promise<calls.ContainerState | undefined> {
    return this.#request("Looking at a container", (context) => calls.inspectContainer(context, id));
  }

  howEnded(id: string): Promise<calls.ContainerEnd | undefined> {
    return this.#request("Looking how a container ended", (context) => calls.readEnd(context, id));
  }

  kill(id: string, signal: "SIGINT" | "SIGKILL"): Promise<boolean> {
    const kill = (context: calls.CallContext) => calls.killContainer(context, id, signal);
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
    return this.#request("Removing a container", (context) => calls.removeContainer(context, id));
  }

  list(): Promise<readonly calls.ListedContainer[]> {
    return this.#request("Listing containers", calls.listContainers);
  }

  async usage(id: string): Promise<{ readonly processorMs: number } | undefined> {
    const look = (context: calls.CallContext) => calls.readProcessorMs(context, id);
    const processorMs = await this.#request("Looking at what a container uses", look);
    return processorMs === undefined ? undefined : { processorMs };
  }

  version(): Promise<string> {
    return this.#request("Asking the daemon for its version", calls.readVersion);
  }

  #wait(
    id: string,
    condition: "not-running" | "removed",
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const wait = (context: calls.CallContext) => calls.waitForContainer(context, id, condition);
    return this.#request("Waiting for a container to end", wait, { timeoutMs, signal });
  }

  /** Makes one call, and gives it up after the deadline or when the caller does. */
  async #request<T>(
    action: string,
    make: (context: calls.CallContext) => Promise<T>,
    { signal, timeoutMs = this.#requestTimeoutMs, image = "" }: LimitedRequest = {},
  ): Promise<T> {
    const deadline = new AbortController();
    const timer = globalThis.setTimeout(() => deadline.abort(), timeoutMs);
    const either = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
    try {
      either.throwIfAborted();
      return await Promise.race([
        make({ transport: this.#transport, signal: either }),
        rejectOnAbort(either),
      ]);
    } catch (error) {
      if (signal?.aborted === true) throw toAbortError(action, signal.reason);
      if (deadline.signal.aborted) throw tooSlow(action, this.address, timeoutMs, error);
      throw toEngineError(error, { action, address: this.address, image });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A create request goes on; waiting for it does not. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
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
