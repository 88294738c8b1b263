/**
 * Runs the question in one way: a real agent and the AWS SDK, against the Bedrock emulator with a scripted model.
 */
import type { DatabaseSync } from "node:sqlite";
import { isCorrectAnswer } from "../../../examples/expense-auditor/answer.ts";
import { createExpenseTools } from "../../../examples/expense-auditor/create-expense-tools.ts";
import type { Finding } from "../../../examples/expense-auditor/expected.ts";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import type { AgentAnswer, TimedHappening } from "../../agent/agent-event.ts";
import { type Agent, createAgent } from "../../agent/create-agent.ts";
import { EMULATOR_CREDENTIALS, type RecordedRequest, startBedrockEmulator } from "../../emulator/emulator.ts";
import { bedrock } from "../../model/bedrock/bedrock.ts";
import type { ModelRequest } from "../../model/model.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { TokenCounter } from "./count-tokens.ts";
import type { Way, WayName } from "./ways.ts";

/** Model id of the requests. It names a family, so that the Claude wire is used; no such model is called. */
const MODEL_ID = "global.anthropic.claude-sonnet-5";

/** What a way needs. */
export interface WaySetup {
  readonly sandbox: Sandbox;
  readonly database: DatabaseSync;
  readonly expected: readonly Finding[];
  readonly tokens: TokenCounter;
  /** Scales the tools' waits. */
  readonly delayMultiplier: number;
  readonly signal?: AbortSignal;
  /** Hears what happens. */
  readonly onHappening?: (way: Way, event: TimedHappening) => void;
}

/** What came of a way. Tokens are estimates over real request bodies; milliseconds are measured. */
export interface WayResult {
  readonly name: WayName;
  readonly title: string;
  readonly answer: string;
  readonly correct: boolean;
  readonly samples: number;
  readonly toolCalls: number;
  readonly maxInFlight: number;
  /** Tokens of all requests together: each sends the history again. */
  readonly inputTokens: number;
  /** Tokens of the largest request. */
  readonly largestRequestTokens: number;
  readonly outputTokens: number;
  readonly keptOutBytes: number;
  readonly toolMs: number;
  readonly sandboxMs: number;
  readonly totalMs: number;
  /** The requests as the emulator saw them. */
  readonly requests: readonly RecordedRequest[];
}

/** Runs one way. @throws {ToolscriptError} what the model and the sandbox throw, and `aborted` */
export async function runWay(way: Way, setup: WaySetup): Promise<WayResult> {
  await using emulator = await startBedrockEmulator({ scenario: way.scenario });
  await using agent = createWayAgent(way, setup, emulator.url);
  const startedAt = performance.now();
  const answer = await follow(agent, way, setup);
  const totalMs = performance.now() - startedAt;
  return toResult(way, setup, answer, emulator.requests, totalMs);
}

function createWayAgent(way: Way, setup: WaySetup, endpoint: string): Agent {
  const { sandbox, database, delayMultiplier } = setup;
  return createAgent({
    model: bedrock(MODEL_ID, { region: "us-east-1", endpoint, credentials: EMULATOR_CREDENTIALS }),
    sandbox,
    tools: createExpenseTools({ database, delayMultiplier, allowedCallers: [way.calling] }),
    calling: way.calling,
    parallelToolUse: way.parallelToolUse,
  });
}

async function follow(agent: Agent, way: Way, setup: WaySetup): Promise<AgentAnswer> {
  const { signal, onHappening } = setup;
  for await (const event of agent.stream(QUESTION, signal === undefined ? {} : { signal })) {
    if (event.type === "answer") return event.answer;
    onHappening?.(way, event);
  }
  throw new Error("The agent ended without an answer");
}

function toResult(
  way: Way,
  { tokens, expected }: WaySetup,
  answer: AgentAnswer,
  requests: readonly RecordedRequest[],
  totalMs: number,
): WayResult {
  const requestTokens = requests.map(({ body }) => tokens.countRequest(body as ModelRequest));
  const written = answer.messages.filter(({ role }) => role === "assistant");
  return {
    name: way.name,
    title: way.title,
    answer: answer.text,
    correct: isCorrectAnswer(answer.text, expected),
    samples: answer.samples,
    toolCalls: answer.toolCalls,
    maxInFlight: answer.maxInFlight,
    inputTokens: sum(requestTokens),
    largestRequestTokens: Math.max(0, ...requestTokens),
    outputTokens: sum(written.map((message) => tokens.countMessage(message))),
    keptOutBytes: answer.keptOutBytes,
    toolMs: answer.toolMs,
    sandboxMs: answer.sandboxMs,
    totalMs,
    requests: [...requests],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
