/**
 * Real clients whose connection is cut, at every point of every request of a conversation, streamed and not: they send the
 * request again, by themselves or by the program around them, and everything is as if nothing had happened. No tool runs
 * twice, nothing more is sampled.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import AnthropicZero from "anthropic-sdk-0";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { requireOrSkip } from "../../require.ts";
import { createUserFolder } from "../../user-folder.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, MODEL, startAuditServer } from "./audit-server.ts";
import { CUT_POINTS, type CutPoint, startCuttingRelay } from "./cutting-relay.ts";
import { NEWEST_PYTHON_SDK, preparePython } from "./prepare-python.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

const run = promisify(execFile);
const program = fileURLToPath(new URL("audit_client.py", import.meta.url));

/** Requests of an audit that nobody disturbs. */
const REQUESTS = 4;
const MAX_TRIES = 3;

let server: AuditServer;
beforeAll(async () => {
  server = await startAuditServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());
beforeEach(() => server.clearSamples());

type Send = (request: Anthropic.MessageCreateParamsNonStreaming) => Promise<Anthropic.Message>;

const CLIENTS: Readonly<Record<string, (baseURL: string) => Send>> = {
  "@anthropic-ai/sdk 1.x, create": (baseURL) => {
    const client = new Anthropic({ baseURL, apiKey: server.key });
    return async (request) => await client.messages.create(request);
  },
  "@anthropic-ai/sdk 1.x, stream": (baseURL) => {
    const client = new Anthropic({ baseURL, apiKey: server.key });
    return async (request) => await client.messages.stream(request).finalMessage();
  },
  "@anthropic-ai/sdk 0.x, create": (baseURL) => {
    const client = new AnthropicZero({ baseURL, apiKey: server.key });
    return async (request) => await client.messages.create(request as never);
  },
  "@anthropic-ai/sdk 1.x, stream and then create": (baseURL) => {
    const client = new Anthropic({ baseURL, apiKey: server.key, maxRetries: 0 });
    return async (request) =>
      await client.messages
        .stream(request)
        .finalMessage()
        .catch(async () => await client.messages.create(request));
  },
};

/** What the program around an SDK does when that gives up: the same once more. */
async function persist<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      // What the server refused is no lost connection.
      if (tries === MAX_TRIES || (error as { status?: number }).status !== undefined) throw error;
    }
  }
}

/** The tool loop; gives the final text and what tools were run. */
async function runLoop(send: Send): Promise<{ readonly text: string; readonly runs: readonly string[] }> {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: QUESTION }];
  const runs: string[] = [];
  let container: string | undefined;
  for (;;) {
    const tools = server.declarations as unknown as Anthropic.ToolUnion[];
    const request = { model: MODEL, max_tokens: 4000, tools, messages: [...messages] };
    const answer = await persist(
      async () => await send({ ...request, ...(container === undefined ? {} : { container }) }),
    );
    container = answer.container?.id ?? container;
    messages.push({ role: "assistant", content: answer.content as Anthropic.ContentBlockParam[] });
    if (answer.stop_reason !== "tool_use") {
      return {
        text: answer.content.map((block) => (block.type === "text" ? block.text : "")).join("\n"),
        runs,
      };
    }
    const results: Anthropic.ToolResultBlockParam[] = [];
    for (const block of answer.content) {
      if (block.type !== "tool_use") continue;
      runs.push(`${block.name} ${JSON.stringify(block.input)}`);
      const tool = server.tools.find(({ name }) => name === block.name);
      results.push({
        type: "tool_result",
        tool_use_id: block.id,
        content: (await tool?.run(block.input)) ?? "",
      });
    }
    messages.push({ role: "user", content: results });
  }
}

/** A response that nobody could name is found again by an SDK's own repeat only; else the conversation begins anew. */
function mostSamples(number: number): number {
  return number === 1 ? 3 : 2;
}

/** All cuts of all clients with `CUTS=all`; else those that differ most. */
const areAll = process.env["CUTS"] === "all";

const CUTS = Object.keys(CLIENTS).flatMap((name, kind) =>
  Array.from({ length: REQUESTS }, (_, before) => before + 1)
    .flatMap((number) => CUT_POINTS.map((point) => ({ name, number, point })))
    .filter(({ number, point }) => areAll || isTelling(kind, number, point)),
);

/** A wave and the end, at every point, for the SDK of today; elsewhere where the server believes that it was heard. */
function isTelling(kind: number, number: number, point: CutPoint): boolean {
  const isUnheard = point === "before the answer" || point === "in the middle of the answer";
  return kind < 2 && (number === 2 || number === REQUESTS) ? true : number === REQUESTS && isUnheard;
}

describe("a client whose connection is cut [proxy.repeats]", () => {
  test.each(CUTS)("$name goes on when request $number is cut $point", async ({ name, number, point }) => {
    await using relay = await startCuttingRelay(server.url, number, point);
    const { text, runs } = await runLoop(CLIENTS[name]?.(relay.url) as Send);
    expect(server.judge(text)).toBe("correct");
    expect(relay.requests).toBe(REQUESTS + 1);
    expect(new Set(runs).size).toBe(runs.length);
    expect(server.samples.length).toBeLessThanOrEqual(mostSamples(number));
  });
});

const PYTHON_POINTS: readonly CutPoint[] = [
  "after the request",
  "before the answer",
  "in the middle of the answer",
];
const hasPython = await requireOrSkip("python-clients", async () => {
  await preparePython(NEWEST_PYTHON_SDK);
  return true;
});

describe.skipIf(hasPython).each(["create", "stream"])("the Python SDK, %s [proxy.repeats]", (mode) => {
  test.each(
    (areAll ? [2, 3, REQUESTS] : [REQUESTS]).flatMap((number) =>
      PYTHON_POINTS.map((point) => ({ number, point })),
    ),
  )("goes on when request $number is cut $point", async ({ number, point }) => {
    await using relay = await startCuttingRelay(server.url, number, point);
    const audit = {
      model: MODEL,
      question: QUESTION,
      tools: server.declarations,
      answers: JSON.parse(await readFile(server.answersFile, "utf8")) as unknown,
    };
    await using folder = await createUserFolder({ "audit.json": JSON.stringify(audit) });
    const env = { ...process.env, ANTHROPIC_BASE_URL: relay.url, ANTHROPIC_API_KEY: server.key };
    const python = await preparePython(NEWEST_PYTHON_SDK);
    const { stdout } = await run(python, [program, mode, join(folder.path, "audit.json")], { env });
    expect(server.judge(stdout)).toBe("correct");
    expect([relay.requests, server.samples.length]).toEqual([REQUESTS + 1, 2]);
  });
});
