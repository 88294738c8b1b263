/**
 * The official TypeScript SDK, unmodified, in its current line (1.x) and in the one before (0.x).
 */
import Anthropic from "@anthropic-ai/sdk";
import { betaTool as betaTool1 } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import AnthropicZero from "anthropic-sdk-0";
import { betaTool as betaTool0 } from "anthropic-sdk-0/helpers/beta/json-schema";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, CODE_TOOL, MODEL, startAuditServer } from "./audit-server.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

let server: AuditServer;

beforeAll(async () => {
  server = await startAuditServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());
beforeEach(() => server.clearSamples());

/** A message as both lines of the SDK give it, as far as a tool loop needs it. */
interface Answer {
  readonly content: readonly { readonly type: string; readonly [key: string]: unknown }[];
  readonly stop_reason: string | null;
  readonly container: { readonly id: string } | null;
}

type Send = (request: Anthropic.MessageCreateParamsNonStreaming) => Promise<Answer>;

/** The tool loop that the documentation of the Claude API teaches. */
async function runLoop(send: Send): Promise<string> {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: QUESTION }];
  let container: string | undefined;
  for (;;) {
    const answer = await send({
      model: MODEL,
      max_tokens: 4000,
      tools: server.declarations as unknown as Anthropic.ToolUnion[],
      messages,
      ...(container === undefined ? {} : { container }),
    });
    container = answer.container?.id ?? container;
    messages.push({ role: "assistant", content: answer.content as unknown as Anthropic.ContentBlockParam[] });
    if (answer.stop_reason !== "tool_use") return toText(answer);
    messages.push({ role: "user", content: await answerCalls(answer) });
  }
}

async function answerCalls({ content }: Answer): Promise<Anthropic.ToolResultBlockParam[]> {
  const calls = content.filter(({ type }) => type === "tool_use");
  return await Promise.all(
    calls.map(async ({ id, name, input, caller }) => {
      expect(caller).toMatchObject({ type: "code_execution_20260120" });
      const tool = server.tools.find((candidate) => candidate.name === name);
      return {
        type: "tool_result" as const,
        tool_use_id: String(id),
        content: (await tool?.run(input)) ?? "",
      };
    }),
  );
}

function toText({ content }: Pick<Answer, "content">): string {
  return content.map(({ text }) => (typeof text === "string" ? text : "")).join("\n");
}

function expectAudit(answer: string): void {
  expect(server.expected.length).toBeGreaterThan(0);
  expect(server.judge(answer)).toBe("correct");
  expect(server.samples).toHaveLength(2);
}

describe("@anthropic-ai/sdk 1.x", () => {
  const client = (): Anthropic => new Anthropic({ baseURL: server.url, apiKey: server.key });

  test("messages.create() runs the audit with two samples", async () => {
    expectAudit(
      await runLoop(async (request) => (await client().messages.create(request)) as unknown as Answer),
    );
  });

  test("messages.stream() runs the audit with two samples", async () => {
    const send: Send = async (request) =>
      (await client().messages.stream(request).finalMessage()) as unknown as Answer;
    expectAudit(await runLoop(send));
  });

  test.each([false, true])(
    "beta.messages.toolRunner() runs the audit with two samples when stream is %j",
    async (stream) => {
      const runnable = server.tools.map(({ name, description, inputSchema, run }) =>
        betaTool1({ name, description, inputSchema: inputSchema as { type: "object" }, run }),
      );
      const runner = client().beta.messages.toolRunner({
        model: MODEL,
        max_tokens: 4000,
        stream,
        messages: [{ role: "user", content: QUESTION }],
        tools: [CODE_TOOL, ...runnable.map((tool) => ({ ...tool, allowed_callers: [CODE_TOOL.type] }))],
      });
      expectAudit(toText((await runner.runUntilDone()) as unknown as Answer));
    },
  );

  test("messages.countTokens() and models.list() answer", async () => {
    const { input_tokens: tokens } = await client().messages.countTokens({
      model: MODEL,
      messages: [{ role: "user", content: QUESTION }],
    });
    expect(tokens).toBeGreaterThan(10);
    const names: string[] = [];
    for await (const model of client().models.list({ limit: 3 })) names.push(model.id);
    expect(names).toContain(MODEL);
    expect(await client().models.retrieve(MODEL)).toMatchObject({ id: MODEL, type: "model" });
  });

  test("messages.create() throws the SDK's own errors when a key or a request is wrong", async () => {
    const request = { model: MODEL, max_tokens: 1, messages: [{ role: "user" as const, content: "x" }] };
    const stranger = new Anthropic({ baseURL: server.url, apiKey: "stranger", maxRetries: 0 });
    await expect(stranger.messages.create(request)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(client().messages.create({ ...request, model: "gpt-5" })).rejects.toBeInstanceOf(
      Anthropic.PermissionDeniedError,
    );
    const bad = client().messages.create({ ...request, max_tokens: 0 });
    await expect(bad).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(bad).rejects.toMatchObject({ requestID: expect.stringMatching(/^req_/) as string });
  });
});

describe("@anthropic-ai/sdk 0.x", () => {
  const client = (): AnthropicZero => new AnthropicZero({ baseURL: server.url, apiKey: server.key });

  test("messages.create() runs the audit with two samples", async () => {
    const send: Send = async (request) =>
      (await client().messages.create(
        request as AnthropicZero.MessageCreateParamsNonStreaming,
      )) as unknown as Answer;
    expectAudit(await runLoop(send));
  });

  test("beta.messages.stream() runs the audit with two samples", async () => {
    const send: Send = async (request) => {
      const body = { ...request, betas: ["advanced-tool-use-2025-11-20"] } as unknown as Parameters<
        AnthropicZero["beta"]["messages"]["stream"]
      >[0];
      return (await client().beta.messages.stream(body).finalMessage()) as unknown as Answer;
    };
    expectAudit(await runLoop(send));
  });

  test("beta.messages.toolRunner() runs the audit with two samples", async () => {
    const runnable = server.tools.map(({ name, description, inputSchema, run }) => ({
      ...betaTool0({ name, description, inputSchema: inputSchema as { type: "object" }, run }),
      allowed_callers: [CODE_TOOL.type],
    }));
    const runner = client().beta.messages.toolRunner({
      model: MODEL,
      max_tokens: 4000,
      messages: [{ role: "user", content: QUESTION }],
      tools: [CODE_TOOL, ...runnable],
    });
    expectAudit(toText((await runner.runUntilDone()) as unknown as Answer));
  });
});
