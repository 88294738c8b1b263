/**
 * One container, one attached connection, one interpreter.
 *
 * Guarantees: whatever goes wrong while it starts, no container stays; when the container ends by itself, `frames`
 * throws the reason; `close()` resolves when the container has gone. It knows nothing of pools, cells or tools.
 */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { ToolscriptError, isToolscriptError } from "../../errors.ts";
import { type Connection, openConnection } from "../../protocol/connection.ts";
import type { HostFrame, RunnerFrame } from "../../protocol/frames.ts";
import type { PoolableSession } from "../pool.ts";
import type { ProcessorUse } from "../sandbox.ts";
import { splitAttachedStreams } from "./attached-streams.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { ContainerSettings } from "./docker-options.ts";
import { explainEndOfContainer, pausedError } from "./end-of-container.ts";
import type { Engine } from "./engine.ts";
import { type TakeTurn, createTurns } from "./turns.ts";

/** Time in milliseconds after which closing does not wait for the answer to a kill. */
const KILL_PATIENCE_MS = 1_000;

/** Time in milliseconds for which the error of a failed start waits until its container has gone. */
const DISCARD_PATIENCE_MS = 2_000;

/** Time in milliseconds after which a container ends out of turn. */
const END_PATIENCE_MS = 30_000;

/** What a session is started from. */
export interface DockerLaunch {
  readonly engine: Engine;
  readonly settings: ContainerSettings;
  readonly spec: ContainerSpec;
  /** Milliseconds for all of create, attach, start and greeting. */
  readonly startTimeoutMs: number;
  /** Milliseconds between the end of the input and the kill. */
  readonly closeGraceMs: number;
  /** Shared by all sessions of a daemon. */
  readonly takeTurnToEnd: TakeTurn;
  /** Told of a container that no daemon could be asked to remove. */
  readonly leave: (id: string) => void;
}

/**
 * Turns for the end of containers. When more than a few end at once, a daemon stalls for ten seconds and more: 40 took
 * 2.3 s in turns of four, 8.4 s in turns of eight, 17 s all at once.
 */
export function createTurnsToEnd(): TakeTurn {
  return createTurns(4, END_PATIENCE_MS);
}

/** A live container. */
interface Container {
  readonly id: string;
  readonly socket: Duplex;
  readonly connection: Connection;
  /** Set while its owner closes it: its end then needs no explanation. */
  closing: Promise<void> | undefined;
}

/** Starts a container and greets its runner. @throws {ToolscriptError} see `Sandbox.open` */
export async function openDockerSession(
  launch: DockerLaunch,
  signal?: AbortSignal,
): Promise<PoolableSession> {
  const name = `toolscript-${randomBytes(8).toString("hex")}`;
  const deadline = startDeadline(launch.startTimeoutMs, signal);
  const attaching = attachContainer(launch, name, deadline.signal);
  try {
    const container = await Promise.race([attaching, deadline.passed]);
    const python = await Promise.race([container.connection.hello(), deadline.passed]);
    return new DockerSession(launch, name, python, container);
  } catch (error) {
    // A daemon that hangs must not hold back the error: what it has not removed by then, it removes later.
    const discarded = discard(launch, name, attaching, error as Error);
    throw await Promise.race([discarded, fallbackAfter(DISCARD_PATIENCE_MS, error as Error)]);
  } finally {
    deadline.clear();
  }
}

/** Removes what there is of a session whose start failed, and returns the best explanation. */
async function discard(
  launch: DockerLaunch,
  name: string,
  attaching: Promise<Container>,
  error: Error,
): Promise<Error> {
  const container = await attaching.catch(() => undefined); // then `error` is the reason, or came before it
  const reason = await explainFailedStart(launch, container, error);
  await launch.engine.remove(name).catch(() => {}); // the reaper tries again; the start's own error is the one to tell
  container?.connection.fail(reason);
  container?.socket.destroy();
  return reason;
}

async function fallbackAfter<T>(ms: number, value: T): Promise<T> {
  return await setTimeout(ms, value, { ref: false });
}

/** Creates, attaches and starts. The start is not waited for: the greeting follows it, and fails when it fails. */
async function attachContainer(launch: DockerLaunch, name: string, signal: AbortSignal): Promise<Container> {
  const { engine, settings, spec } = launch;
  // Not given up half-way: a create request that was left alone could make a container that nobody knows of.
  const id = await engine.create(name, spec);
  const socket = await engine.attach(id, { signal });
  const { input, output } = splitAttachedStreams(socket);
  const started = Promise.withResolvers<void>();
  const explainEnd = async (plain: ToolscriptError): Promise<ToolscriptError> => {
    if (container.closing !== undefined) return await container.closing.then(() => plain);
    return await started.promise.then(
      () => explainEndOfContainer({ engine, id, settings, noise: connection.noise() }),
      (error: ToolscriptError) => error,
    );
  };
  const connection = openConnection({ input, output, explainEnd });
  const container: Container = { id, socket, connection, closing: undefined };
  started.promise.catch((error: Error) => connection.fail(error));
  engine.start(id, settings.image, { signal }).then(started.resolve, started.reject);
  return container;
}

/** A timer and the caller's signal in one; the reason says which it was. */
function startDeadline(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const passed = Promise.withResolvers<never>();
  passed.promise.catch(() => {}); // it may pass after everybody stopped waiting
  const give = (reason: ToolscriptError) => {
    controller.abort(reason);
    passed.reject(reason);
  };
  const onAbort = () =>
    give(
      new ToolscriptError("aborted", "Opening a Docker session was given up because its signal was aborted", {
        cause: signal?.reason,
      }),
    );
  const timer = globalThis.setTimeout(() => give(startTooSlow(timeoutMs)), timeoutMs);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    passed: passed.promise,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

function startTooSlow(timeoutMs: number): ToolscriptError {
  return new ToolscriptError(
    "sandbox-timeout",
    `Opening a Docker session failed: the container did not answer within "${timeoutMs}" ms; is the machine overloaded? \`startTimeoutMs\` gives it longer`,
  );
}

/** A container that was paused from outside looks like a slow one. */
async function explainFailedStart(
  { engine }: DockerLaunch,
  container: Container | undefined,
  error: Error,
): Promise<Error> {
  if (container === undefined || !isToolscriptError(error, "sandbox-timeout")) return error;
  const state = await engine.inspect(container.id).catch(() => undefined);
  return state?.paused === true ? pausedError(container.id) : error;
}

class DockerSession implements PoolableSession {
  readonly id: string;
  readonly python: string;
  readonly processor: ProcessorUse;
  readonly frames: AsyncIterable<readonly RunnerFrame[]>;
  readonly ended: Promise<void>;
  readonly #launch: DockerLaunch;
  readonly #container: Container;
  #alive = true;
  /** The owner has lost patience before: closing then is killing. */
  #interrupted = false;
  #closing: Promise<void> | undefined;

  constructor(launch: DockerLaunch, name: string, python: string, container: Container) {
    this.id = name;
    this.python = python;
    this.processor = {
      count: Math.ceil(launch.settings.cpus),
      usedMs: async () => await this.#readProcessorMs(),
    };
    this.frames = container.connection.frames;
    this.#launch = launch;
    this.#container = container;
    this.ended = this.#watchEnd();
  }

  get alive(): boolean {
    return this.#alive;
  }

  send(frames: readonly HostFrame[]): Promise<void> | undefined {
    return this.#container.connection.send(frames);
  }

  interrupt(): void {
    this.#interrupted = true;
    void this.#interrupt();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The connection closes its input when it is over, whoever ended it. */
  async #watchEnd(): Promise<void> {
    const { socket } = this.#container;
    await new Promise<void>((resolve) => {
      socket.once("finish", resolve);
      socket.once("close", resolve);
    });
    this.#alive = false;
  }

  /** Nothing while the daemon cannot say. */
  async #readProcessorMs(): Promise<number | undefined> {
    if (!this.#alive) return undefined;
    const usage = await this.#launch.engine.usage(this.#container.id).catch(() => undefined);
    return usage?.processorMs;
  }

  async #interrupt(): Promise<void> {
    const { engine } = this.#launch;
    const { id, connection } = this.#container;
    try {
      await engine.kill(id, "SIGINT");
      const state = await engine.inspect(id);
      if (state?.paused === true) connection.fail(pausedError(id));
    } catch {
      // The daemon is in trouble: the end of the stream tells, or the owner closes the session after its grace.
    }
  }

  async #close(): Promise<void> {
    await this.#launch.takeTurnToEnd(() => this.#end());
  }

  async #end(): Promise<void> {
    const { engine, closeGraceMs } = this.#launch;
    const closed = Promise.withResolvers<void>();
    this.#container.closing = closed.promise;
    const { id, connection, socket } = this.#container;
    try {
      if (this.#interrupted) await killFirst(engine, id);
      connection.end();
      closed.resolve();
      await endContainer(engine, this.#container, closeGraceMs);
    } catch (error) {
      // Without a daemon nothing can be asked for; the closed input ends the container, as a rule.
      if (!isToolscriptError(error, "docker-unreachable")) throw error;
      this.#launch.leave(id);
    } finally {
      socket.destroy();
    }
  }
}

/**
 * Kills one that may be stuck. Not after its input was closed: then it may be ending by itself, and to kill one that is
 * makes the daemon stall.
 */
async function killFirst(engine: Engine, id: string): Promise<void> {
  // Whatever the daemon answers, what follows is the same.
  const killed = engine.kill(id, "SIGKILL").catch(() => false);
  await Promise.race([killed, fallbackAfter(KILL_PATIENCE_MS, false)]);
}

/**
 * Waits for a container whose input is closed; kills it when its interpreter does not end. The end of the stream tells,
 * not the removal, for which a busy daemon takes longer.
 */
async function endContainer(engine: Engine, { id, socket }: Container, graceMs: number): Promise<void> {
  const over = finished(socket, { writable: false }).catch(() => {}); // a cut connection is over, too
  const hasEnded = await Promise.race([over.then(() => true), fallbackAfter(graceMs, false)]);
  await (hasEnded ? engine.waitRemoved(id) : engine.remove(id));
}
