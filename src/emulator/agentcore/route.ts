/**
 * The routes of the data plane that concern code interpreters, as the AWS SDK calls them.
 */
import type { HttpExchange } from "../aws-http/http-exchange.ts";
import type { AgentCoreOperation } from "./request-log.ts";

/** Where a request goes. */
export interface Route {
  readonly operation: AgentCoreOperation;
  /** The decoded identifier of the interpreter. */
  readonly identifier: string;
  /** From header or query; empty where there is none. */
  readonly sessionId: string;
}

const SESSION_HEADER = "x-amzn-code-interpreter-session-id";
const PATH = /^\/code-interpreters\/([^/]+)\/(sessions\/(?:start|get|list|stop)|tools\/invoke)$/;

const OPERATIONS: Readonly<Record<string, AgentCoreOperation>> = {
  "PUT sessions/start": "start",
  "GET sessions/get": "get",
  "POST sessions/list": "list",
  "PUT sessions/stop": "stop",
  "POST tools/invoke": "invoke",
};

/** Finds the route of a request; its operation is `unknown` when there is none. */
export function matchRoute({ method, target, headers }: HttpExchange): Route {
  const url = new URL(target, "http://localhost");
  const [, identifier = "", path = ""] = PATH.exec(url.pathname) ?? [];
  const operation = OPERATIONS[`${method} ${path}`] ?? "unknown";
  const sessionId = operation === "invoke" ? headers[SESSION_HEADER] : url.searchParams.get("sessionId");
  return { operation, identifier: decode(identifier), sessionId: sessionId ?? "" };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign: the identifier as it came is the best name for it
  }
}
