/**
 * The audit as an app on the official SDK runs it: stream a message, run the calls, send the results, until there is an
 * answer. Nothing here knows of the proxy.
 */
import type Anthropic from "@anthropic-ai/sdk";
import type { DatabaseSync } from "node:sqlite";
import { createExpenseTools } from "../../../examples/expense-auditor/create-expense-tools.ts";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import type { Tool } from "../../tools/tool.ts";

const CODE_TOOL = "code_execution_20260120";

/** One request and its response. */
export interface AuditHop {
  readonly ms: number;
  readonly inputTokens: number;
  /** Names of the tools that the response asks for. */
  readonly calls: readonly string[];
}

/** What an audit came to. */
export interface SdkAudit {
  readonly answer: string;
  readonly hops: readonly AuditHop[];
  /** Bytes of what the tools returned. */
  readonly resultBytes: number;
}

/** Options of {@link runSdkAudit}. */
export interface SdkAuditOptions {
  readonly onHop?: (hop: AuditHop, number: number) => void;
  readonly signal?: AbortSignal;
}

/** Runs the audit. @throws what the SDK throws */
export async function runSdkAudit(
  client: Anthropic,
  database: DatabaseSync,
  { onHop, signal }: SdkAuditOptions = {},
): Promise<SdkAudit> {
  const tools = createExpenseTools({ database });
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: QUESTION }];
  const hops: AuditHop[] = [];
  let container: string | undefined;
  let resultBytes = 0;
  for (;;) {
    const startedAt = performance.now();
    const message = await client.messages
      .stream(toRequest(tools, messages, container), signal && { signal })
      .finalMessage();
    const calls = message.content.filter((block) => block.type === "tool_use");
    const hop = {
      ms: performance.now() - startedAt,
      inputTokens: message.usage.input_tokens,
      calls: calls.map(({ name }) => name),
    };
    hops.push(hop);
    onHop?.(hop, hops.length);
    container = message.container?.id ?? container;
    if (message.stop_reason !== "tool_use") return { answer: toText(message), hops, resultBytes };
    const results = await Promise.all(calls.map((call) => runCall(call, tools)));
    resultBytes += results.reduce((total, { content }) => total + Buffer.byteLength(content), 0);
    messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
  }
}

function toRequest(
  tools: readonly Tool[],
  messages: Anthropic.MessageParam[],
  container: string | undefined,
): Anthropic.MessageCreateParamsNonStreaming {
  const declared = tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: inputSchema as Anthropic.Tool.InputSchema,
    allowed_callers: [CODE_TOOL] as [typeof CODE_TOOL],
  }));
  return {
    model: "claude-sonnet-5",
    max_tokens: 4000,
    tools: [{ type: CODE_TOOL, name: "code_execution" }, ...declared],
    messages,
    ...(container === undefined ? {} : { container }),
  };
}

async function runCall(
  { id, name, input }: Anthropic.ToolUseBlock,
  tools: readonly Tool[],
): Promise<Anthropic.ToolResultBlockParam & { readonly content: string }> {
  const tool = tools.find((candidate) => candidate.name === name);
  const parsed = await tool?.parseInput(input);
  if (tool?.execute === undefined || parsed?.ok !== true) {
    const content = parsed?.ok === false ? parsed.message : `No tool is named "${name}"`;
    return { type: "tool_result", tool_use_id: id, content, is_error: true };
  }
  const context = { signal: new AbortController().signal, callId: id };
  return {
    type: "tool_result",
    tool_use_id: id,
    content: JSON.stringify(await tool.execute(parsed.value, context)),
  };
}

function toText({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
