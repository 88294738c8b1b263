/**
 * One request from its first header to the last byte of its response: who asks, how it is counted, how errors leave.
 *
 * Guarantee: every response carries a `request-id`, every error is the API's own JSON, and every exchange is counted and
 * logged exactly once, when its last byte has left or its client has.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import { type ApiError, toErrorBody } from "../errors/api-error.ts";
import { toRetryHeaders } from "../errors/retry-headers.ts";
import { toApiError } from "../errors/to-api-error.ts";
import { createId } from "../ids.ts";
import { writeJson, writeLightJson } from "../../json/write-json.ts";
import type { ServerState } from "../server-state.ts";
import type { AccessGrant } from "./access.ts";
import { Account } from "./account.ts";
import { addressOf } from "./connections.ts";
import type { AccessRequest } from "./foreign-request.ts";

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
  /** What the log and the metrics say of it. Ended when the work is done; closed when the client has the last byte. */
  readonly account: Account;
}

/** Answers with JSON, and ends the exchange. */
export async function respondJson(
  exchange: Exchange,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const json = writeLightJson(body) ?? (await writeJson(body));
  exchange.account.end(200);
  return toResponse(json, 200, exchange.requestId, headers);
}

/** Runs `answer` for an allowed request and turns whatever it throws into an error response. */
export async function runExchange(
  context: Context,
  state: ServerState,
  answer: (exchange: Exchange) => Promise<Response>,
): Promise<Response> {
  const requestId = createId("req");
  const { incoming, outgoing } = bindingsOf(context);
  const { method, path } = context.req;
  const account = new Account(state, { requestId, method, path });
  if (outgoing !== undefined) state.connections.whenOver(outgoing, account.awaitDelivery());
  try {
    const grant = await authorize(context, state);
    account.begin(grant);
    const request = context.req.raw;
    const client = followClient(request);
    if (outgoing !== undefined) {
      state.connections.whenOver(outgoing, (failure) => failure && client.abort(failure));
    }
    return await answer({ requestId, request, incoming, grant, account, ...client });
  } catch (thrown) {
    const error = toApiError(thrown);
    account.end(error.status, thrown);
    return toErrorResponse(error, requestId, context.req.raw.headers);
  }
}

/** The response of an error. @param asked - headers of the request */
export function toErrorResponse(error: ApiError, requestId: string, asked: Headers): Response {
  const headers = toRetryHeaders(error, asked);
  return toResponse(JSON.stringify(toErrorBody(error, requestId)), error.status, requestId, headers);
}

/** A text leaves in one write with the headers before it, bytes take a second one. */
function toResponse(
  body: string | Buffer<ArrayBuffer>,
  status: number,
  requestId: string,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "request-id": requestId, ...headers },
  });
}

/** What access is decided by. */
export function toAccessRequest(context: Context): AccessRequest {
  const { incoming } = bindingsOf(context);
  return {
    headers: context.req.raw.headers,
    remoteAddress: incoming === undefined ? undefined : addressOf(incoming.socket),
    method: context.req.method,
    path: context.req.path,
    url: context.req.raw.url,
  };
}

function bindingsOf({ env }: Context): SocketBindings {
  return (env as SocketBindings | undefined) ?? {};
}

async function authorize(context: Context, { options }: ServerState): Promise<AccessGrant> {
  const answer = await options.access.check(toAccessRequest(context));
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
