/**
 * The AI SDK with `@ai-sdk/anthropic`, unmodified: generated and streamed, programmatic tools, step after step.
 */
import { createAnthropic, forwardAnthropicContainerIdFromLastStep } from "@ai-sdk/anthropic";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type PrepareStepFunction,
  streamText,
  tool,
  type ToolSet,
} from "ai";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, CODE_TOOL, MODEL, startAuditServer } from "./audit-server.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

let server: AuditServer;
beforeAll(async () => {
  server = await startAuditServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());
beforeEach(() => server.clearSamples());

function createRequest() {
  const provider = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: server.key });
  const clientTools = server.tools.map(({ name, description, inputSchema, run }) => [
    name,
    tool({
      description,
      inputSchema: jsonSchema(inputSchema),
      execute: async (input: unknown) => await run(input),
      providerOptions: { anthropic: { allowedCallers: [CODE_TOOL.type] } },
    }),
  ]);
  const tools: ToolSet = {
    code_execution: provider.tools.codeExecution_20260120(),
    ...(Object.fromEntries(clientTools) as ToolSet),
  };
  return {
    model: provider(MODEL),
    prompt: QUESTION,
    tools,
    stopWhen: isStepCount(10),
    // Its own type does not know this repository's exact optional properties.
    prepareStep: forwardAnthropicContainerIdFromLastStep as PrepareStepFunction<ToolSet>,
  };
}

function expectAudit(answer: string): void {
  expect(server.judge(answer)).toBe("correct");
  expect(server.samples).toHaveLength(2);
}

test("generateText() runs the audit step after step with two samples", async () => {
  const { text, steps } = await generateText(createRequest());
  expect(steps.length).toBeGreaterThan(2);
  expectAudit(text);
});

test("streamText() runs the audit step after step with two samples", async () => {
  const result = streamText(createRequest());
  for await (const part of result.fullStream) if (part.type === "error") throw part.error;
  expectAudit(await result.text);
});
