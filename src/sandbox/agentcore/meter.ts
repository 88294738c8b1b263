/**
 * Counts what AgentCore charges for and limits: sessions, their seconds, invocations.
 */

import { tell } from "../../observer.ts";

/** Something that happened. Times in milliseconds. */
export type AgentCoreEvent =
  | { readonly type: "session-started"; readonly sessionId: string; readonly ms: number }
  | {
      readonly type: "session-stopped";
      readonly sessionId: string;
      /** From its start to its stop. */
      readonly seconds: number;
      readonly invocations: number;
    }
  /** One `executeCode` that was answered, whatever the number of its tries. */
  | {
      readonly type: "invocation";
      readonly sessionId: string;
      readonly sequence: number;
      readonly ms: number;
      readonly attempts: number;
      /** Characters of the program and of the answer. */
      readonly sent: number;
      readonly received: number;
    }
  /** A request failed and is tried again. */
  | {
      readonly type: "retry";
      readonly action: "start" | "invoke" | "stop";
      readonly sessionId: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    }
  /** The limiter held an invocation back. */
  | { readonly type: "held-back"; readonly sessionId: string; readonly ms: number };

/** Totals of a sandbox since it was made. */
export interface AgentCoreStats {
  /** Sessions that are open now. */
  readonly open: number;
  readonly started: number;
  readonly stopped: number;
  /** Seconds of all sessions, those that are open included. */
  readonly sessionSeconds: number;
  /** `executeCode` requests, tries included: what the rate limit counts. */
  readonly invocations: number;
  readonly retries: number;
  /** Milliseconds that the limiter held invocations back. */
  readonly heldBackMs: number;
}

/** Counts and tells. */
export class Meter {
  readonly #onEvent: ((event: AgentCoreEvent) => void) | undefined;
  readonly #open = new Map<string, { since: number; invocations: number }>();
  #started = 0;
  #stopped = 0;
  #stoppedSeconds = 0;
  #invocations = 0;
  #retries = 0;
  #heldBackMs = 0;

  constructor(onEvent: ((event: AgentCoreEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  started(sessionId: string, ms: number): void {
    this.#started += 1;
    this.#open.set(sessionId, { since: performance.now(), invocations: 0 });
    tell(this.#onEvent, { type: "session-started", sessionId, ms });
  }

  stopped(sessionId: string): void {
    const session = this.#open.get(sessionId);
    if (session === undefined) return;
    this.#open.delete(sessionId);
    const seconds = (performance.now() - session.since) / 1000;
    this.#stopped += 1;
    this.#stoppedSeconds += seconds;
    tell(this.#onEvent, { type: "session-stopped", sessionId, seconds, invocations: session.invocations });
  }

  /** An `executeCode` leaves. */
  invoked(sessionId: string): void {
    this.#invocations += 1;
    const session = this.#open.get(sessionId);
    if (session !== undefined) session.invocations += 1;
  }

  answered(event: Omit<Extract<AgentCoreEvent, { type: "invocation" }>, "type">): void {
    tell(this.#onEvent, { type: "invocation", ...event });
  }

  retried(event: Omit<Extract<AgentCoreEvent, { type: "retry" }>, "type">): void {
    this.#retries += 1;
    tell(this.#onEvent, { type: "retry", ...event });
  }

  heldBack(sessionId: string, ms: number): void {
    if (ms === 0) return;
    this.#heldBackMs += ms;
    tell(this.#onEvent, { type: "held-back", sessionId, ms });
  }

  stats(): AgentCoreStats {
    const now = performance.now();
    const openSeconds = [...this.#open.values()].reduce((sum, { since }) => sum + (now - since) / 1000, 0);
    return {
      open: this.#open.size,
      started: this.#started,
      stopped: this.#stopped,
      sessionSeconds: this.#stoppedSeconds + openSeconds,
      invocations: this.#invocations,
      retries: this.#retries,
      heldBackMs: this.#heldBackMs,
    };
  }
}
