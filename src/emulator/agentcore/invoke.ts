/**
 * `InvokeCodeInterpreter`: the work, in its turn, and its result as an event stream.
 */
import { EVENT_STREAM_CONTENT_TYPE, encodeEvent, encodeException } from "../aws-http/event-stream.ts";
import type { AgentCoreCall } from "./agentcore-service.ts";
import { toErrorAnswer, type AgentCoreFault } from "./faults.ts";
import type { InterpreterSession } from "./interpreter-session.ts";
import { KernelGoneError } from "./kernel-process.ts";
import type { InterpreterSessions } from "./sessions.ts";
import { runTool, type ToolResult } from "./tools.ts";

/** Answers an `invoke`. */
export async function answerInvoke(call: AgentCoreCall, sessions: InterpreterSessions): Promise<void> {
  const { route, body, fault, exchange } = call;
  const session = sessions.findReady(route.identifier, route.sessionId);
  const { name, arguments: given } = (body ?? {}) as Record<string, unknown>;
  if (typeof name !== "string") throw toErrorAnswer("validation", { message: "'name' is required" });
  const result = await session.inTurn(async () => {
    await strikeBefore(session, fault);
    if (session.status !== "READY") throw gone(session);
    return await runTool(session, name, given).catch((error: unknown) => onKernelFailure(session, error));
  });
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault?.kind === "internal-after-run") throw toErrorAnswer("internal");
  if (fault?.kind === "cut-after") return await exchange.cut();
  await send(call, session, strikeResult(result, fault));
}

/** A kernel that ended by itself is replaced, as Jupyter does; the variables are gone. */
async function onKernelFailure(session: InterpreterSession, error: unknown): Promise<never> {
  if (!(error instanceof KernelGoneError)) throw error;
  if (session.status !== "READY") throw gone(session);
  await session.restartKernel();
  throw error;
}

async function strikeBefore(session: InterpreterSession, fault: AgentCoreFault | undefined): Promise<void> {
  if (fault?.kind === "session-gone") await session.end();
  if (fault?.kind === "kernel-restart") await session.restartKernel();
}

function strikeResult(result: ToolResult, fault: AgentCoreFault | undefined): ToolResult {
  const { stdout } = result.structuredContent ?? {};
  if (fault?.kind === "foreign-output") return withStdout(result, fault.stdout);
  if (fault?.kind !== "truncated-output" || typeof stdout !== "string") return result;
  return withStdout(result, stdout.slice(0, Math.floor(stdout.length / 2)));
}

function withStdout(result: ToolResult, stdout: string): ToolResult {
  return {
    ...result,
    content: [{ type: "text", text: stdout }],
    structuredContent: { ...result.structuredContent, stdout },
  };
}

async function send(call: AgentCoreCall, session: InterpreterSession, result: ToolResult): Promise<void> {
  const { exchange, fault, record } = call;
  record.status = 200;
  exchange.begin(200, {
    ...call.headers,
    "content-type": EVENT_STREAM_CONTENT_TYPE,
    "x-amzn-code-interpreter-session-id": session.details.sessionId,
  });
  if (fault?.kind === "stream-exception-after-run") {
    record.exception = fault.exception;
    exchange.write(
      encodeException(fault.exception, JSON.stringify({ message: "The emulator was told to fail." })),
    );
    return exchange.end();
  }
  const frame = encodeEvent("result", JSON.stringify(result));
  if (fault?.kind === "cut-answer") {
    exchange.write(frame.subarray(0, frame.length / 2));
    return await exchange.cut();
  }
  exchange.write(fault?.kind === "short-answer" ? frame.subarray(0, frame.length / 2) : frame);
  exchange.end();
}

function gone({ details }: InterpreterSession): Error {
  return toErrorAnswer("not-found", {
    message: `Code interpreter session '${details.sessionId}' is not active.`,
  });
}
