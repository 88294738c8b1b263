/**
 * One request to the emulated data plane, from its bytes to its answer.
 *
 * In the order of the real service: body, authentication, route, rate limit, fault, validation, work. Every request is
 * recorded, whatever becomes of it.
 */
import { AwsHttpError, unknownOperation } from "../aws-http/aws-error.ts";
import { authenticate, type AuthPolicy } from "../aws-http/auth.ts";
import { BodyTooLargeError, type HttpExchange } from "../aws-http/http-exchange.ts";
import { toErrorAnswer, isErrorFault, type AgentCoreFault, type AgentCoreFaultQueue } from "./faults.ts";
import { answerInvoke } from "./invoke.ts";
import { KernelGoneError } from "./kernel-process.ts";
import type { RateLimit } from "./rate-limit.ts";
import { matchRoute, type Route } from "./route.ts";
import type { AgentCoreRequestLog, OpenAgentCoreRequest } from "./request-log.ts";
import { answerSessions } from "./session-routes.ts";
import type { InterpreterSessions } from "./sessions.ts";

/** Everything the service answers from. */
export interface AgentCoreState {
  readonly auth: AuthPolicy;
  readonly faults: AgentCoreFaultQueue;
  readonly log: AgentCoreRequestLog;
  readonly sessions: InterpreterSessions;
  readonly invokeRate: RateLimit;
  /** Of start, get, list and stop together. */
  readonly sessionRate: RateLimit;
  readonly maxBodyBytes: number;
}

/** A request with everything that is known of it. */
export interface AgentCoreCall {
  readonly exchange: HttpExchange;
  readonly route: Route;
  readonly body: unknown;
  readonly fault: AgentCoreFault | undefined;
  readonly record: OpenAgentCoreRequest;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers one request. */
export async function handleAgentCoreRequest(exchange: HttpExchange, state: AgentCoreState): Promise<void> {
  const headers = { "x-amzn-requestid": crypto.randomUUID() };
  const bytes = await readBody(exchange, state.maxBodyBytes);
  if (exchange.closed.aborted) return;
  const route = matchRoute(exchange);
  const text = Buffer.isBuffer(bytes) ? bytes.toString("utf8") : "";
  const body = parseJson(text);
  const record = openRecord(exchange, route, body, text.length, state.log);
  try {
    if (!Buffer.isBuffer(bytes)) throw bytes;
    const { method, target } = exchange;
    await authenticate({ method, target, headers: exchange.headers, body: bytes }, state.auth);
    await answer({ exchange, route, body, record, headers, fault: undefined }, state);
  } catch (error) {
    refuse(exchange, record, toAwsError(error), headers);
  }
}

async function answer(call: AgentCoreCall, state: AgentCoreState): Promise<void> {
  const { route, record, exchange } = call;
  if (route.operation === "unknown") throw unknownOperation();
  const isInvoke = route.operation === "invoke";
  if (!(isInvoke ? state.invokeRate : state.sessionRate).take()) throw toErrorAnswer("throttled");
  const fault = state.faults.take(record);
  if (fault !== undefined && isErrorFault(fault)) throw toErrorAnswer(fault.kind, fault);
  if (fault?.kind === "cut-before") return await exchange.cut();
  if (isInvoke) await answerInvoke({ ...call, fault }, state.sessions);
  else await answerSessions({ ...call, fault }, state.sessions);
}

function openRecord(
  exchange: HttpExchange,
  route: Route,
  body: unknown,
  bodyBytes: number,
  log: AgentCoreRequestLog,
): OpenAgentCoreRequest {
  const { name, arguments: given } = (body ?? {}) as {
    name?: unknown;
    arguments?: { code?: unknown; command?: unknown };
  };
  const code = given?.code ?? given?.command;
  return log.open({
    operation: route.operation,
    identifier: route.identifier,
    sessionId: route.sessionId,
    tool: route.operation === "invoke" && typeof name === "string" ? name : "",
    code: typeof code === "string" ? code : "",
    protocol: exchange.protocol,
    bodyBytes,
  });
}

/** The body, or the error that reading it gave. */
async function readBody(exchange: HttpExchange, maxBytes: number): Promise<Buffer | AwsHttpError> {
  try {
    return await exchange.readBody(maxBytes);
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      return new AwsHttpError(413, "RequestEntityTooLargeException", error.message);
    }
    if (exchange.closed.aborted) return Buffer.alloc(0);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // refused later, where a body is needed
  }
}

function toAwsError(error: unknown): AwsHttpError {
  if (error instanceof AwsHttpError) return error;
  if (error instanceof KernelGoneError) return toErrorAnswer("internal", { message: error.message });
  throw error;
}

function refuse(
  exchange: HttpExchange,
  record: OpenAgentCoreRequest,
  error: AwsHttpError,
  headers: Readonly<Record<string, string>>,
): void {
  record.status = error.status;
  record.exception = error.exception;
  const type = { "content-type": "application/json", "x-amzn-errortype": error.exception };
  exchange.respond(error.status, { ...headers, ...type, ...error.headers }, error.body);
}
