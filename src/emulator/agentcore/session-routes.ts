/**
 * Starting, looking up, listing and stopping sessions: the routes that answer with plain JSON.
 */
import * as z from "zod";
import type { AgentCoreCall } from "./agentcore-service.ts";
import { toErrorAnswer } from "./faults.ts";
import type { InterpreterSession } from "./interpreter-session.ts";
import type { InterpreterSessions } from "./sessions.ts";

/** The service's default and limit for the time of a session. */
const DEFAULT_TIMEOUT_SECONDS = 900;
const MAX_TIMEOUT_SECONDS = 28_800;
const DEFAULT_MAX_RESULTS = 10;

const startBody = z.object({
  name: z.string().optional(),
  sessionTimeoutSeconds: z.int().min(1).max(MAX_TIMEOUT_SECONDS).optional(),
  clientToken: z.string().optional(),
});

const listBody = z.object({
  status: z.enum(["READY", "TERMINATED"]).optional(),
  maxResults: z.int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
});

/** Answers a request that is no `invoke`. */
export async function answerSessions(call: AgentCoreCall, sessions: InterpreterSessions): Promise<void> {
  const { exchange, fault, record } = call;
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  const answer = await toAnswer(call, sessions);
  if (fault?.kind === "cut-after") return await exchange.cut();
  if (fault?.kind === "internal-after-run") throw toErrorAnswer("internal");
  record.status = 200;
  exchange.respond(200, { ...call.headers, "content-type": "application/json" }, JSON.stringify(answer));
}

async function toAnswer({ route, body }: AgentCoreCall, sessions: InterpreterSessions): Promise<unknown> {
  const { identifier, sessionId, operation } = route;
  if (operation === "start") return toReference(await start(identifier, body, sessions));
  if (operation === "list") return list(identifier, body, sessions);
  const session = sessions.find(identifier, sessionId);
  if (operation === "get") {
    return { ...toSummary(session), sessionTimeoutSeconds: session.details.timeoutSeconds };
  }
  await session.end();
  return { codeInterpreterIdentifier: identifier, sessionId, lastUpdatedAt: new Date().toISOString() };
}

async function start(
  identifier: string,
  body: unknown,
  sessions: InterpreterSessions,
): Promise<InterpreterSession> {
  const { name = "", sessionTimeoutSeconds = DEFAULT_TIMEOUT_SECONDS, clientToken } = parse(startBody, body);
  return await sessions.start({ identifier, name, timeoutSeconds: sessionTimeoutSeconds }, clientToken);
}

function list(identifier: string, body: unknown, sessions: InterpreterSessions): unknown {
  sessions.checkInterpreter(identifier);
  const { status, maxResults = DEFAULT_MAX_RESULTS, nextToken } = parse(listBody, body);
  const from = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isSafeInteger(from)) throw toErrorAnswer("validation", { message: "'nextToken' is not valid" });
  const all = sessions.all.filter(
    (session) =>
      session.details.identifier === identifier && (status === undefined || session.status === status),
  );
  const end = from + maxResults;
  return {
    items: all.slice(from, end).map(toSummary),
    ...(end < all.length ? { nextToken: String(end) } : {}),
  };
}

function toReference({ details, createdAt }: InterpreterSession): Record<string, unknown> {
  return {
    codeInterpreterIdentifier: details.identifier,
    sessionId: details.sessionId,
    createdAt: createdAt.toISOString(),
  };
}

function toSummary(session: InterpreterSession): Record<string, unknown> {
  return { ...toReference(session), name: session.details.name, status: session.status };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw toErrorAnswer("validation", { message: z.prettifyError(parsed.error).replaceAll("\n", " ") });
}
