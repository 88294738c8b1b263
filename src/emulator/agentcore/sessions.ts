/**
 * All sessions of an emulator: started, found, listed, ended.
 *
 * Guarantee: no more than `maxActive` at a time; `end()` leaves no process and no file.
 */
import { toErrorAnswer } from "./faults.ts";
import { InterpreterSession, type SessionDetails, type SessionKernelOptions } from "./interpreter-session.ts";

/** What sessions there may be. */
export interface InterpreterSessionsOptions extends SessionKernelOptions {
  /** Identifiers of the interpreters that exist. */
  readonly interpreters: readonly string[];
  readonly maxActive: number;
}

/** Crockford's alphabet, as in the ids of the service. */
const ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ID_LENGTH = 26;

/** Ended sessions that are still listed. */
const KEPT_ENDED = 100;

/** Client tokens that are remembered. */
const MAX_TOKENS = 1000;

/** The sessions of an account. */
export class InterpreterSessions {
  readonly #options: InterpreterSessionsOptions;
  readonly #sessions = new Map<string, InterpreterSession>();
  /** Starts by their client token: one that is repeated starts nothing. */
  readonly #starts = new Map<string, Promise<InterpreterSession>>();
  #starting = 0;

  constructor(options: InterpreterSessionsOptions) {
    this.#options = options;
  }

  /** All that are known, oldest first. */
  get all(): readonly InterpreterSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Starts one, or returns the one that the same token has started.
   *
   * @throws {AwsHttpError} 404 for an unknown interpreter, 402 when there are too many
   */
  start(details: Omit<SessionDetails, "sessionId">, clientToken?: string): Promise<InterpreterSession> {
    if (clientToken === undefined) return this.#start(details);
    const started = this.#starts.get(clientToken) ?? this.#start(details);
    this.#starts.set(clientToken, started);
    started.catch(() => this.#starts.delete(clientToken));
    return started;
  }

  async #start(details: Omit<SessionDetails, "sessionId">): Promise<InterpreterSession> {
    this.checkInterpreter(details.identifier);
    const { maxActive } = this.#options;
    const active = this.all.filter(({ status }) => status === "READY").length + this.#starting;
    if (active >= maxActive) {
      throw toErrorAnswer("quota", { message: `The limit of ${maxActive} active sessions is reached.` });
    }
    this.#starting += 1;
    try {
      const session = await InterpreterSession.start({ ...details, sessionId: createId() }, this.#options);
      this.#sessions.set(session.details.sessionId, session);
      this.#forgetOldest();
      return session;
    } finally {
      this.#starting -= 1;
    }
  }

  /** Finds one, whatever its status. @throws {AwsHttpError} 404 */
  find(identifier: string, sessionId: string): InterpreterSession {
    this.checkInterpreter(identifier);
    const session = this.#sessions.get(sessionId);
    if (session?.details.identifier === identifier) return session;
    throw toErrorAnswer("not-found", { message: `Code interpreter session '${sessionId}' does not exist.` });
  }

  /** Finds one that is ready. @throws {AwsHttpError} 404 */
  findReady(identifier: string, sessionId: string): InterpreterSession {
    const session = this.find(identifier, sessionId);
    if (session.status === "READY") return session;
    throw toErrorAnswer("not-found", { message: `Code interpreter session '${sessionId}' is not active.` });
  }

  /** @throws {AwsHttpError} 404 */
  checkInterpreter(identifier: string): void {
    if (this.#options.interpreters.includes(identifier)) return;
    throw toErrorAnswer("not-found", { message: `Code interpreter '${identifier}' does not exist.` });
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    await Promise.all(this.all.map((session) => session.end()));
  }

  #forgetOldest(): void {
    const ended = this.all.filter(({ status }) => status === "TERMINATED");
    for (const { details } of ended.slice(0, -KEPT_ENDED)) this.#sessions.delete(details.sessionId);
    for (const token of [...this.#starts.keys()].slice(0, -MAX_TOKENS)) this.#starts.delete(token);
  }
}

function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_LENGTH));
  return [...bytes].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("");
}
