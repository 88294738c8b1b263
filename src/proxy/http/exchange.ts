/**
 * One request from its first header to the last byte of its response: who asks, how it is counted, how errors leave.
 *
 * Guarantee: every response carries a `request-id`, every error is the API's own JSON, and every exchange is counted and
 * logged exactly once, also when its client leaves.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import { ApiError, toErrorBody } from "../errors/api-error.ts";
import { toApiError } from "../errors/to-api-error.ts";
import { createId } from "../ids.ts";
import type { RequestKind } from "../metrics/metrics.ts";
import type { ServerState } from "../server-state.ts";
import type { AccessGrant } from "./access.ts";

/** What the server adapter adds to a request, when there is a socket. */
interface SocketBindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

/** A request under way. */
export interface Exchange {
  readonly requestId: string;
  readonly request: Request;
  /** The request at the socket; undefined when there is no socket. */
  readonly incoming: IncomingMessage | undefined;
  readonly grant: AccessGrant;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  readonly abort: (reason: Error) => void;
  /** Says how the request is counted. */
  setKind(kind: RequestKind): void;
  /** Adds to the request's line of the log; a later value of a name wins. */
  note(facts: Readonly<Record<string, unknown>>): void;
  /** Ends the exchange; for a stream, when its last byte has gone. Only the first call counts. */
  end(status: number, error?: unknown): void;
}

/** Answers with JSON, and ends the exchange. */
export function respondJson(
  exchange: Exchange,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  exchange.end(200);
  return toJsonResponse(body, 200, exchange.requestId, headers);
}

/** Runs `answer` for an allowed request and turns whatever it throws into an error response. */
export async function runExchange(
  context: Context,
  state: ServerState,
  answer: (exchange: Exchange) => Promise<Response>,
): Promise<Response> {
  const requestId = createId("req");
  const end = createEnd(state, requestId, context.req);
  try {
    const grant = await authorize(context, state);
    end.begin(grant);
    const client = followClient(context.req.raw);
    const { incoming } = bindingsOf(context);
    return await answer({ requestId, request: context.req.raw, incoming, grant, ...client, ...end });
  } catch (thrown) {
    const error = toApiError(thrown);
    end.end(error.status, thrown);
    return toErrorResponse(error, requestId);
  }
}

/** The response of an error. */
export function toErrorResponse(error: ApiError, requestId: string): Response {
  return toJsonResponse(toErrorBody(error, requestId), error.status, requestId, error.headers);
}

function toJsonResponse(
  body: object,
  status: number,
  requestId: string,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "request-id": requestId, ...headers },
  });
}

/** The address of the machine at the other end of the socket; undefined when there is no socket. */
export function toRemoteAddress(context: Context): string | undefined {
  return bindingsOf(context).incoming?.socket?.remoteAddress;
}

function bindingsOf({ env }: Context): SocketBindings {
  return (env as SocketBindings | undefined) ?? {};
}

async function authorize(context: Context, { options }: ServerState): Promise<AccessGrant> {
  const answer = await options.access.check({
    headers: context.req.raw.headers,
    remoteAddress: toRemoteAddress(context),
    method: context.req.method,
    path: context.req.path,
  });
  if (!answer.ok) throw answer.error;
  return answer;
}

function followClient(request: Request): Pick<Exchange, "signal" | "abort"> {
  const controller = new AbortController();
  const abort = (reason: Error): void => controller.abort(reason);
  const onAbort = (): void => abort(new Error("The client left"));
  if (request.signal.aborted) onAbort();
  else request.signal.addEventListener("abort", onAbort, { once: true });
  return { signal: controller.signal, abort };
}

function createEnd(
  state: ServerState,
  requestId: string,
  { method, path }: Context["req"],
): Pick<Exchange, "setKind" | "note" | "end"> & { begin(grant: AccessGrant): void } {
  const leave = state.lifecycle.enter();
  const count = state.metrics.begin();
  const startedAt = performance.now();
  let kind: RequestKind = "other";
  let facts: Readonly<Record<string, unknown>> = {};
  let release: (() => void) | undefined;
  let ended = false;
  return {
    begin({ keyName, onEnd }) {
      facts = { key: keyName };
      release = onEnd;
    },
    setKind: (value) => (kind = value),
    note(more) {
      facts = { ...facts, ...more };
    },
    end(status, error) {
      if (ended) return;
      ended = true;
      leave();
      release?.();
      count(kind, status);
      const ms = Math.round((performance.now() - startedAt) * 100) / 100;
      const isFault = error !== undefined && (status >= 500 || status === 200);
      state.options.log({
        level: toLevel(isFault, status),
        event: "request",
        requestId,
        method,
        path,
        kind,
        status,
        ms,
        ...facts,
        ...(isFault ? { reason: toReason(error) } : {}),
      });
    },
  };
}

/** A fault in mid-stream, when the status had long been sent, is often no more than a client that left. */
function toLevel(isFault: boolean, status: number): "info" | "warn" | "error" {
  if (!isFault) return "info";
  return status === 200 ? "warn" : "error";
}

/** What the operator needs to know of a fault: our own message, and where it came from. */
function toReason(thrown: unknown): string {
  if (thrown instanceof ApiError && thrown.cause !== undefined) return toReason(thrown.cause);
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
