/**
 * The account of one exchange: what the log and the metrics say of it, and when its place is free again.
 *
 * Guarantee: it is closed exactly once, when the work is done and the last byte has left, or the client has.
 */
import { toErrorMessage } from "../../errors.ts";
import { ApiError } from "../errors/api-error.ts";
import type { RequestKind } from "../metrics/metrics.ts";
import type { LogEntry } from "../proxy-options.ts";
import type { ServerState } from "../server-state.ts";
import type { AccessGrant } from "./access.ts";
import type { HeldBody } from "./body-budget.ts";
import type { ResponseFailure } from "./connections.ts";

/** Facts for a line of the log. */
export type Facts = Readonly<Record<string, unknown>>;

/** What was asked, before anything is known of whoever asks. */
export interface Asked {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

/** The account of a request. */
export class Account {
  readonly #state: ServerState;
  readonly #asked: Asked;
  readonly #startedAt = performance.now();
  readonly #leave: () => void;
  readonly #count: (kind: RequestKind, status: number) => void;
  #kind: RequestKind = "other";
  readonly #facts: Record<string, unknown> = {};
  #body: HeldBody | undefined;
  #onEnd: (() => void) | undefined;
  #done: { readonly status: number; readonly error: unknown } | undefined;
  #isDelivered = true;
  #failure: ResponseFailure | undefined;

  /** Opens it. */
  constructor(state: ServerState, asked: Asked) {
    this.#state = state;
    this.#asked = asked;
    this.#leave = state.lifecycle.enter();
    this.#count = state.metrics.begin();
  }

  /** Notes who asks; their place is given back when the account is closed. */
  begin({ keyName, ownerId, isAlone, onEnd }: AccessGrant): void {
    this.#facts["key"] = keyName;
    this.#onEnd = onEnd;
    this.#body = this.#state.bodies.open(ownerId, isAlone === true);
  }

  setKind(kind: RequestKind): void {
    this.#kind = kind;
  }

  note(facts: Facts): void {
    Object.assign(this.#facts, facts);
  }

  /** Counts bytes of the body. @throws {ApiError} when too many are held already */
  takeBytes(bytes: number): void {
    this.#body?.take(bytes);
  }

  /** The work is done. Only the first call counts. */
  end(status: number, error?: unknown): void {
    if (this.#done !== undefined) return;
    this.#done = { status, error };
    this.#close();
  }

  /** Keeps the account open until the returned function is called. */
  awaitDelivery(): (failure: ResponseFailure | undefined) => void {
    this.#isDelivered = false;
    return (failure) => {
      this.#isDelivered = true;
      this.#failure = failure;
      this.#close();
    };
  }

  #close(): void {
    if (this.#done === undefined || !this.#isDelivered) return;
    const { status, error } = this.#done;
    this.#leave();
    this.#onEnd?.();
    this.#body?.release();
    this.#count(this.#kind, status);
    const ms = Math.round((performance.now() - this.#startedAt) * 100) / 100;
    const verdict = judge(status, error, this.#failure);
    const entry = {
      level: verdict.level,
      event: "request" as const,
      ...this.#asked,
      kind: this.#kind,
      status,
      ms,
    };
    this.#state.log(Object.assign(entry, this.#facts, verdict));
  }
}

/** A fault in mid-stream, when the status had long been sent, is often no more than a client that left. */
function judge(
  status: number,
  thrown: unknown,
  failure: ResponseFailure | undefined,
): Pick<LogEntry, "level"> & { readonly reason?: string } {
  const error = failure?.isStall === true ? failure : (thrown ?? failure);
  const isFault = error !== undefined && (status >= 500 || status === 200);
  if (!isFault) return { level: "info" };
  return { level: status === 200 ? "warn" : "error", reason: toReason(error) };
}

/** What the operator needs to know of a fault: our own message, and where it came from. */
function toReason(thrown: unknown): string {
  if (thrown instanceof ApiError && thrown.cause !== undefined) return toReason(thrown.cause);
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : toErrorMessage(thrown);
}
