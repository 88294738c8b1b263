/**
 * LangChain's `ChatAnthropic`, unmodified, in the loop that its documentation teaches. It is invoked, not streamed: its
 * streams drop the input of a call that arrives whole, as programmatic calls do on the Claude API as well.
 */
import { ChatAnthropic } from "@langchain/anthropic";
import { type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, MODEL, startAuditServer } from "./audit-server.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

let server: AuditServer;
beforeAll(async () => {
  server = await startAuditServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());

test("ChatAnthropic runs the audit with two samples", async () => {
  const model = new ChatAnthropic({
    model: MODEL,
    maxTokens: 4000,
    apiKey: server.key,
    anthropicApiUrl: server.url,
    streaming: false,
  }).bindTools([...server.declarations]);
  const messages: BaseMessage[] = [new HumanMessage(QUESTION)];
  let answer = await model.invoke(messages);
  const container = (answer.response_metadata["container"] as { readonly id: string } | undefined)?.id;
  while ((answer.tool_calls ?? []).some(({ name }) => name !== "code_execution")) {
    const calls = (answer.tool_calls ?? []).filter(({ name }) => name !== "code_execution");
    const results = calls.map(async ({ id, name, args }) => {
      const tool = server.tools.find((candidate) => candidate.name === name);
      return new ToolMessage({ tool_call_id: id ?? "", content: (await tool?.run(args)) ?? "" });
    });
    messages.push(answer, ...(await Promise.all(results)));
    answer = await model.invoke(messages, container === undefined ? {} : { container });
  }
  expect(server.judge(answer.text)).toBe("correct");
  expect(server.samples).toHaveLength(2);
});
