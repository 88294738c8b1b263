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

/** An open account. */
export interface Account {
  /** Notes who asks; their place is given back when the account is closed. */
  begin(grant: AccessGrant): void;
  setKind(kind: RequestKind): void;
  note(facts: Facts): void;
  /** Counts bytes of the body. @throws {ApiError} when too many are held already */
  readonly takeBytes: (bytes: number) => void;
  /** The work is done. Only the first call counts. */
  end(status: number, error?: unknown): void;
  /** The account stays open until the returned function is called. */
  awaitDelivery(): (failure: ResponseFailure | undefined) => void;
}

/** Opens the account of a request. */
export function openAccount(
  state: ServerState,
  requestId: string,
  { method, path }: { readonly method: string; readonly path: string },
): Account {
  const leave = state.lifecycle.enter();
  const count = state.metrics.begin();
  const startedAt = performance.now();
  let kind: RequestKind = "other";
  let facts: Facts = {};
  let release: (() => void) | undefined;
  let body: HeldBody | undefined;
  let done: { readonly status: number; readonly error: unknown } | undefined;
  let isDelivered = true;
  let failure: ResponseFailure | undefined;

  function close(): void {
    if (done === undefined || !isDelivered) return;
    const { status } = done;
    leave();
    release?.();
    body?.release();
    count(kind, status);
    const error = failure?.isStall === true ? failure : (done.error ?? failure);
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    const { level, ...reason } = judge(status, error);
    state.log({ level, event: "request", requestId, method, path, kind, status, ms, ...facts, ...reason });
  }

  return {
    begin({ keyName, ownerId, isAlone, onEnd }) {
      facts = { key: keyName };
      release = onEnd;
      body = state.bodies.open(ownerId, isAlone === true);
    },
    takeBytes: (bytes) => body?.take(bytes),
    setKind: (value) => (kind = value),
    note(more) {
      facts = { ...facts, ...more };
    },
    end(status, error) {
      if (done !== undefined) return;
      done = { status, error };
      close();
    },
    awaitDelivery() {
      isDelivered = false;
      return (why) => {
        isDelivered = true;
        failure = why;
        close();
      };
    },
  };
}

/** A fault in mid-stream, when the status had long been sent, is often no more than a client that left. */
function judge(status: number, error: unknown): Pick<LogEntry, "level"> & { readonly reason?: string } {
  const isFault = error !== undefined && (status >= 500 || status === 200);
  if (!isFault) return { level: "info" };
  return { level: status === 200 ? "warn" : "error", reason: toReason(error) };
}

/** What the operator needs to know of a fault: our own message, and where it came from. */
function toReason(thrown: unknown): string {
  if (thrown instanceof ApiError && thrown.cause !== undefined) return toReason(thrown.cause);
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : toErrorMessage(thrown);
}
