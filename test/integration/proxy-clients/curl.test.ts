/**
 * `curl`, one process for each request, as a person with a terminal would.
 */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { requireOrSkip } from "../../require.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, MODEL, startAuditServer } from "./audit-server.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

interface Message {
  readonly content: readonly { readonly type: string; readonly [key: string]: unknown }[];
  readonly stop_reason: string;
  readonly container: { readonly id: string } | null;
}

let server: AuditServer;
beforeAll(async () => {
  server = await startAuditServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());

/** Sends a request with the body on standard input: it grows larger than a command line may be. */
async function curl(body: object): Promise<Message> {
  const sent = promisify(execFile)(
    "curl",
    [
      "--silent",
      "--fail-with-body",
      `${server.url}/v1/messages`,
      "--header",
      `x-api-key: ${server.key}`,
      "--header",
      "anthropic-version: 2023-06-01",
      "--header",
      "content-type: application/json",
      "--data-binary",
      "@-",
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  sent.child.stdin?.end(JSON.stringify(body));
  return JSON.parse((await sent).stdout) as Message;
}

const skip = await requireOrSkip("curl", () => spawnSync("curl", ["--version"]).status === 0);

test.skipIf(skip)("curl runs the audit with two samples", async () => {
  const messages: object[] = [{ role: "user", content: QUESTION }];
  let message = await curl({ model: MODEL, max_tokens: 4000, tools: server.declarations, messages });
  const container = message.container?.id;
  while (message.stop_reason === "tool_use") {
    const calls = message.content.filter(({ type }) => type === "tool_use");
    const results = calls.map(async ({ id, name, input }) => {
      const tool = server.tools.find((candidate) => candidate.name === name);
      return { type: "tool_result", tool_use_id: id, content: await tool?.run(input) };
    });
    messages.push({ role: "assistant", content: message.content });
    messages.push({ role: "user", content: await Promise.all(results) });
    message = await curl({ model: MODEL, max_tokens: 4000, tools: server.declarations, messages, container });
  }
  const answer = message.content.map(({ text }) => (typeof text === "string" ? text : "")).join("\n");
  expect(server.judge(answer)).toBe("correct");
  expect(server.samples).toHaveLength(2);
});
