/**
 * A container: the interpreter that a client knows by an id, its scripts, and who may use it.
 *
 * Guarantees: it belongs to the key that made it; one request at a time; a request that was not delivered leaves no
 * trace but its variables; when the interpreter dies by a script's doing, the next script gets a fresh one, after the
 * model was told that its variables are lost. What the wire looks like is not known here.
 */
import { isToolscriptError } from "../../errors.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { ScriptLimits } from "../../script/limits.ts";
import { openScriptSession, type ScriptSession } from "../../script/script-session.ts";
import type { Tool } from "../../tools/tool.ts";
import { ApiError } from "../errors/api-error.ts";
import { createId } from "../ids.ts";
import type { RecordedTurn } from "../turn/recorded-turn.ts";
import { Execution } from "./execution.ts";

/** What a container is made of. */
export interface ContainerOptions {
  readonly ownerId: string;
  /** Containers, and interpreters, that the owner may have; the server's defaults when undefined. */
  readonly maxOwned: number | undefined;
  /** Fingerprint of the request that makes it. */
  readonly madeBy: string;
  readonly sandbox: Sandbox;
  readonly limits: Partial<ScriptLimits>;
  /** Time without a request after which it expires, in milliseconds. */
  readonly idleMs: number;
  /** Time after which it expires in any case, in milliseconds. */
  readonly lifetimeMs: number;
  /** Called when it has expired. */
  readonly onExpired: (container: Container) => void;
  /** Called before an interpreter is started; rejects when there may be no other. */
  readonly makeRoom: (container: Container) => Promise<void>;
}

/** The last request of a container, and its turn. */
interface LastTurn {
  readonly fingerprint: string;
  readonly opening: Promise<RecordedTurn>;
  /** Once it is open. */
  turn: RecordedTurn | undefined;
}

/** A container. */
export class Container {
  readonly id = createId("container");
  readonly ownerId: string;
  readonly maxOwned: number | undefined;
  readonly madeBy: string;
  readonly #options: ContainerOptions;
  readonly #bornAt = Date.now();
  readonly #executions = new Map<string, Execution>();
  #session: Promise<ScriptSession> | undefined;
  /** Whether an interpreter is being started, and the one that was. */
  #isStarting = false;
  #started: ScriptSession | undefined;
  #usedAt = Date.now();
  #leased = false;
  #isKnown = false;
  #closed = false;
  #expiresAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: LastTurn | undefined;
  /** Settles when what an undelivered request left behind is gone. */
  #cleanup: Promise<void> = Promise.resolve();

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.ownerId = options.ownerId;
    this.maxOwned = options.maxOwned;
    this.madeBy = options.madeBy;
    this.refresh();
  }

  /** Milliseconds since the epoch; grows with every response. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Milliseconds since the epoch of the last request's beginning or end. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** Whether a turn goes on in it whose client has left, and may come back. */
  get isAbandoned(): boolean {
    return this.#last?.turn?.isAbandoned === true;
  }

  /** Whether no request has it and no script waits in it: its end costs variables and nothing else. */
  get isIdle(): boolean {
    return !this.#leased && !this.isPaused;
  }

  /** Whether it takes the memory of an interpreter. */
  get hasInterpreter(): boolean {
    return this.#isStarting || this.#started?.alive === true;
  }

  /** Whether a script waits for its client. */
  get isPaused(): boolean {
    return [...this.#executions.values()].some((execution) => execution.isKnown);
  }

  /** Whether there is anything in it that a client could come back for. */
  get isUsed(): boolean {
    return this.#isKnown || this.#session !== undefined || this.#executions.size > 0;
  }

  /**
   * The turn of a request: the one that it had before, if it was sent before and nothing was built on it since; else a
   * new one.
   *
   * @param isRepeat - whether the same request can only be meant as the same; if not, it is when nobody has read the
   *   response to its end
   * @throws what `open` throws; the container's last turn then is what it was
   */
  async turnOf(
    fingerprint: string,
    isRepeat: boolean,
    open: () => Promise<RecordedTurn>,
  ): Promise<{ readonly turn: RecordedTurn; readonly isRepeated: boolean }> {
    const last = this.#last;
    if (last !== undefined && this.hasTurnOf(fingerprint, isRepeat)) {
      const turn = await last.opening;
      if (!turn.hasFailed) {
        this.refresh();
        return { turn, isRepeated: true };
      }
    } else if (last?.turn?.isAbandoned === true) {
      await last.turn.end(new Error("The client sent another request"));
    }
    return { turn: await this.#openTurn(fingerprint, open), isRepeated: false };
  }

  /** Whether {@link turnOf} would give the turn that there is. */
  hasTurnOf(fingerprint: string, isRepeat: boolean): boolean {
    const last = this.#last;
    return last?.fingerprint === fingerprint && (isRepeat || last.turn?.isUnread === true);
  }

  /** Takes the container for one request. @throws {ApiError} `conflict_error` when another request has it */
  async lease(): Promise<void> {
    if (this.#leased) {
      throw new ApiError(
        "conflict_error",
        `Container \`${this.id}\` is in use by another request; send one request at a time`,
      );
    }
    this.#leased = true;
    this.refresh();
    await this.#cleanup;
  }

  /** Ids of the scripts in it, also of those that no request asks for any more. */
  get executionIds(): Iterable<string> {
    return this.#executions.keys();
  }

  /** The script of that id, if it waits here. */
  find(executionId: string): Execution | undefined {
    return this.#executions.get(executionId);
  }

  /** Adds a script that the model wrote. It waits until it is started. */
  add(executionId: string, input: unknown): Execution {
    const execution = new Execution(executionId, input);
    this.#executions.set(executionId, execution);
    return execution;
  }

  /** Opens the interpreter ahead of its first script. Failures show when the script starts. */
  warmUp(): void {
    this.#open().catch(() => {});
  }

  /** Starts a script; scripts that were given up and still run are ended first. `kept` are those that go on. */
  async start(execution: Execution, tools: readonly Tool[], kept: readonly Execution[]): Promise<void> {
    await this.#dropOthers([execution, ...kept]);
    try {
      const session = await this.#open();
      session.setTools(tools);
      execution.start(session);
    } catch (error) {
      execution.fail(isToolscriptError(error, "pool-exhausted") ? "too_many_requests" : "unavailable", error);
    }
  }

  /** The response was delivered. A container that it did not need is gone. */
  commit(): void {
    if (!this.#leased) return;
    this.#leased = false;
    if (!this.isUsed) {
      this.#options.onExpired(this);
      return;
    }
    this.#isKnown = true;
    for (const [id, execution] of this.#executions) {
      if (execution.isDelivered) this.#executions.delete(id);
      else execution.confirm();
    }
    this.refresh();
  }

  /** The response was not delivered: scripts that the client does not know are ended, others only if they compute. */
  rollBack(): void {
    if (!this.#leased) return;
    const ended = [...this.#executions.values()].filter(
      (execution) => !execution.isKnown || execution.isBusy,
    );
    for (const execution of ended) if (!execution.isKnown) this.#executions.delete(execution.id);
    this.#leased = false;
    this.#cleanup = interruptAll(ended);
    if (this.#isKnown) this.refresh();
    else this.#options.onExpired(this);
  }

  /** Someone was heard of: the idle time begins anew. */
  refresh(): void {
    if (this.#closed) return;
    const { idleMs, lifetimeMs } = this.#options;
    this.#usedAt = Date.now();
    this.#expiresAt = Math.min(Date.now() + idleMs, this.#bornAt + lifetimeMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#expiresAt - Date.now())).unref();
  }

  /** Ends the interpreter and everything in it. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#last?.turn?.end(new Error("The container has ended"));
    const session = await this.#session?.catch(() => undefined); // it never opened: nothing to close
    await session?.close();
  }

  async #openTurn(fingerprint: string, open: () => Promise<RecordedTurn>): Promise<RecordedTurn> {
    const before = this.#last;
    const last: LastTurn = { fingerprint, opening: open(), turn: undefined };
    this.#last = last;
    try {
      last.turn = await last.opening;
      return last.turn;
    } catch (error) {
      if (this.#last === last) this.#last = before;
      throw error;
    }
  }

  async #dropOthers(kept: readonly Execution[]): Promise<void> {
    const others = [...this.#executions.values()].filter((execution) => !kept.includes(execution));
    for (const execution of others) this.#executions.delete(execution.id);
    await interruptAll(others);
  }

  async #open(): Promise<ScriptSession> {
    const open = await this.#session?.catch(() => undefined); // a failed start is tried again
    if (open?.alive === true) return open;
    this.#session = this.#startInterpreter();
    return this.#session;
  }

  async #startInterpreter(): Promise<ScriptSession> {
    const { makeRoom, sandbox, limits } = this.#options;
    this.#isStarting = true;
    try {
      await makeRoom(this);
      this.#started = await openScriptSession({
        sandbox,
        convention: "wire",
        // The container's own clock counts, which knows when its client was last heard of.
        limits: { ...limits, idleMs: 0, lifetimeMs: 0 },
      });
      return this.#started;
    } finally {
      this.#isStarting = false;
    }
  }

  /** A request under way keeps the container alive, however long it takes. */
  #onTimer(): void {
    if (this.#leased && Date.now() < this.#bornAt + this.#options.lifetimeMs) this.refresh();
    else this.#options.onExpired(this);
  }
}

async function interruptAll(executions: readonly Execution[]): Promise<void> {
  await Promise.all(executions.map((execution) => execution.interrupt()));
}
