/**
 * The record of the requests that reached the AgentCore emulator, also those it refused.
 *
 * Guarantee: no secret is kept, of code only its beginning, and at most `limit` requests; the oldest go first. Counts go
 * on for ever.
 */

/** Operations of the data plane that the emulator knows; `unknown` for anything else. */
export type AgentCoreOperation = "start" | "invoke" | "get" | "list" | "stop" | "unknown";

/** One request as the emulator saw it. */
export interface AgentCoreRequest {
  /** Number of the request, from 0, in order of arrival. */
  readonly index: number;
  readonly operation: AgentCoreOperation;
  /** The decoded identifier of the interpreter; empty for an unknown route. */
  readonly identifier: string;
  /** Empty where there is none. */
  readonly sessionId: string;
  /** Name of the tool, of an `invoke`; else empty. */
  readonly tool: string;
  /** Beginning of the code or command, of an `invoke`; else empty. */
  readonly code: string;
  readonly protocol: "h1" | "h2";
  readonly bodyBytes: number;
  /** Status of the answer; undefined until it is sent, and when the connection was cut before. */
  readonly status: number | undefined;
  /** Exception name of an error answer, or of an exception frame. */
  readonly exception: string | undefined;
}

/** How many requests there were, refused ones included. */
export type AgentCoreCounts = Readonly<Record<AgentCoreOperation, number>>;

/** What is kept of code. */
const KEPT_CODE_CHARACTERS = 1000;

/** A record whose end is still open. */
export type OpenAgentCoreRequest = { -readonly [Key in keyof AgentCoreRequest]: AgentCoreRequest[Key] };

/** Holds the last requests. */
export class AgentCoreRequestLog {
  readonly #limit: number;
  readonly #records: AgentCoreRequest[] = [];
  readonly #waiters = new Set<{
    matches: (request: AgentCoreRequest) => boolean;
    resolve: (request: AgentCoreRequest) => void;
  }>();
  #counts: Record<AgentCoreOperation, number> = noCounts();
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The requests held, oldest first. */
  get records(): readonly AgentCoreRequest[] {
    return this.#records;
  }

  get counts(): AgentCoreCounts {
    return { ...this.#counts };
  }

  /** Forgets everything, counts included. */
  clear(): void {
    this.#records.length = 0;
    this.#counts = noCounts();
  }

  /** The first matching request, held or yet to come. */
  waitFor(matches: (request: AgentCoreRequest) => boolean): Promise<AgentCoreRequest> {
    const found = this.#records.find(matches);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiters.add({ matches, resolve }));
  }

  /** Adds a request. */
  open(details: Omit<AgentCoreRequest, "index" | "status" | "exception">): OpenAgentCoreRequest {
    const code = details.code.slice(0, KEPT_CODE_CHARACTERS);
    const record: OpenAgentCoreRequest = {
      index: this.#next++,
      ...details,
      code,
      status: undefined,
      exception: undefined,
    };
    this.#counts[record.operation] += 1;
    this.#records.push(record);
    if (this.#records.length > this.#limit) this.#records.shift();
    for (const waiter of this.#waiters) {
      if (!waiter.matches(record)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(record);
    }
    return record;
  }
}

function noCounts(): Record<AgentCoreOperation, number> {
  return { start: 0, invoke: 0, get: 0, list: 0, stop: 0, unknown: 0 };
}
