/**
 * The Docker sandbox: every session is a hardened container of its own, spoken to over its standard streams.
 *
 * Any image with Python 3.9 or later works; the runner travels as an argument. Containers can be started ahead in a
 * pool. Nothing stays behind: not after `close()`, and not after a kill of this process.
 */
import type { OpenSandboxOptions, Sandbox, SandboxSession } from "../sandbox.ts";
import { ToolscriptError } from "../../errors.ts";
import { type Pool, type PoolStats, type PoolableSession, pool } from "../pool.ts";
import { stdioBootstrap } from "../runner-source.ts";
import { containerLabels, containerSpec } from "./container-spec.ts";
import {
  type ContainerSettings,
  type DockerOptions,
  type DockerSettings,
  resolveDockerOptions,
} from "./docker-options.ts";
import { createTurnsToEnd, openDockerSession } from "./docker-session.ts";
import { resolveEngineAddress } from "./engine-address.ts";
import { type Engine, openEngine } from "./engine.ts";
import { readHostIdentity } from "./host-identity.ts";
import { LeftContainers } from "./left-containers.ts";
import { reapContainers } from "./reaper.ts";
import { drawUser } from "./user-ids.ts";

export type { PoolEvent, PoolOptions, PoolStats } from "../pool.ts";
export type { DockerLimits, DockerOptions } from "./docker-options.ts";
export type { UserIds } from "./user-ids.ts";

/** A sandbox whose pool can be looked at. */
export interface DockerSandbox extends Sandbox {
  readonly name: "docker";
  /** Figures of the pool; without a pool there is none to tell of, and its size is 0. */
  stats(): PoolStats;
  /**
   * Removes containers that former hosts left behind or whose lease has run out, and returns their ids. Happens by itself
   * beside the first start, and then every minute until `close()`.
   *
   * @throws {ToolscriptError} a `docker-…` code
   */
  reap(): Promise<readonly string[]>;
}

/**
 * Creates a Docker sandbox. With a pool its containers begin to start at once; otherwise nothing happens until `open`.
 *
 * @example
 * const sandbox = docker({ image: "python:3.13-slim", pool: { size: 4 } });
 * const session = await sandbox.open();
 *
 * @throws {ToolscriptError} `invalid-argument`, or `docker-unreachable` when the address is none
 */
export function docker(options: DockerOptions = {}): DockerSandbox {
  const settings = resolveDockerOptions(options);
  const engine = openEngine(resolveEngineAddress(options.host), settings.requestTimeoutMs);
  return new ContainerSandbox(engine, settings);
}

class ContainerSandbox implements DockerSandbox {
  readonly name = "docker";
  readonly #engine: Engine;
  readonly #settings: DockerSettings;
  readonly #host = readHostIdentity();
  readonly #pool: Pool;
  readonly #takeTurnToEnd = createTurnsToEnd();
  readonly #left: LeftContainers;
  #imageCheck: Promise<void> | undefined;
  #reaped: Promise<unknown> | undefined;
  #reapTimer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, settings: DockerSettings) {
    this.#engine = engine;
    this.#settings = settings;
    this.#left = new LeftContainers(engine);
    // Without a pool of its own it is one of size 0: what counts, starts and closes sessions is the same.
    this.#pool = pool(({ signal }) => this.#start(signal), settings.pool);
  }

  async open(options: OpenSandboxOptions = {}): Promise<SandboxSession> {
    return await this.#pool.open(options);
  }

  stats(): PoolStats {
    return this.#pool.stats();
  }

  reap(): Promise<readonly string[]> {
    const { reapAfterMs } = this.#settings;
    return reapContainers(this.#engine, { self: this.#host, reapAfterMs, nowMs: Date.now() });
  }

  async close(): Promise<void> {
    clearInterval(this.#reapTimer);
    await this.#pool.close();
    await this.#left.remove();
    await this.#reaped;
  }

  async #start(signal: AbortSignal | undefined): Promise<PoolableSession> {
    // What is left of former hosts must not keep a new one from working: the next start-up tries again.
    this.#startReaping();
    const { startTimeoutMs, closeGraceMs, leaseMs } = this.#settings;
    const container = this.#drawSettings();
    const labels = containerLabels(this.#host, Date.now(), leaseMs);
    const spec = containerSpec(container, stdioBootstrap(), labels);
    await this.#checkImage();
    const launch = {
      engine: this.#engine,
      settings: container,
      spec,
      startTimeoutMs,
      closeGraceMs,
      takeTurnToEnd: this.#takeTurnToEnd,
      leave: (id: string) => this.#left.add(id),
    };
    const session = await openDockerSession(launch, signal);
    void this.#left.remove(); // a daemon answers
    return session;
  }

  /** Every session has a user of its own. */
  #drawSettings(): ContainerSettings {
    const { container, userIds } = this.#settings;
    return userIds === undefined ? container : { ...container, user: drawUser(userIds) };
  }

  #startReaping(): void {
    if (this.#reaped !== undefined) return;
    const reap = (): void => void (this.#reaped = this.reap().catch(() => {}));
    reap();
    this.#reapTimer = setInterval(reap, this.#settings.reapEveryMs).unref();
  }

  /** Once: an image may declare folders that the daemon would then make writable, without a limit. */
  #checkImage(): Promise<void> {
    this.#imageCheck ??= refuseVolumes(this.#engine, this.#settings.container.image).catch(
      (error: unknown) => {
        this.#imageCheck = undefined;
        throw error;
      },
    );
    return this.#imageCheck;
  }
}

async function refuseVolumes(engine: Engine, image: string): Promise<void> {
  const volumes = await engine.imageVolumes(image);
  if (volumes.length === 0) return;
  throw new ToolscriptError(
    "invalid-argument",
    `Opening a Docker session failed: the image "${image}" declares volumes ("${volumes.join('", "')}"), which would be writable without a limit; use an image without VOLUME`,
  );
}
