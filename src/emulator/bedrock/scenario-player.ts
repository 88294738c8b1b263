/**
 * Plays a scenario in place of a model: a request in the Messages API's shape goes in, a whole answer comes out.
 *
 * Every answer says that no model was called: `model` is "scripted" and `scripted` is true. Written apart from the
 * scripted model on purpose: the emulator checks the adapters and shares no code with them.
 */
import type { ContentBlock, ModelRequest, ModelResponse, ModelUsage } from "../../model/model.ts";
import type { Scenario, ScenarioTurn } from "../../model/scenario.ts";
import { AwsHttpError } from "../aws-http/aws-error.ts";
import { createId } from "./ids.ts";

/** Counts the tokens of a text. */
export type TokenCounter = (text: string) => number;

/** One answer, with the pace at which it is to be sent. */
export interface PlayedAnswer {
  readonly message: ModelResponse;
  /** Milliseconds before the first byte. */
  readonly delayMs: number;
  /** Milliseconds between events. */
  readonly eventDelayMs: number;
}

/** The estimate used without a counter of one's own: a token for every four characters, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/**
 * Finds the scenario's answer to a request.
 *
 * @param bodyText the request as it was sent; its tokens are the reported input tokens
 * @throws {AwsHttpError} 400 when the scenario has no answer: it says what was asked and what the scenario has
 */
export async function playScenario(
  scenario: Scenario,
  request: ModelRequest,
  bodyText: string,
  countTokens: TokenCounter,
): Promise<PlayedAnswer> {
  const turnIndex = countAnswers(request);
  const turn = typeof scenario === "function" ? await scenario(request, turnIndex) : scenario[turnIndex];
  checkTurn(turn, scenario, request, turnIndex);
  const content = toBlocks(turn.content);
  const usage: ModelUsage = {
    input_tokens: countTokens(bodyText),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: countTokens(content.map(textOfBlock).join("")),
    ...turn.usage,
  };
  const message: ModelResponse = {
    id: createId("msg_bdrk_"),
    type: "message",
    role: "assistant",
    model: "scripted",
    scripted: true,
    content,
    stop_reason: turn.stop_reason ?? defaultStopReason(content),
    stop_sequence: turn.stop_sequence ?? null,
    usage,
  };
  return { message, delayMs: turn.delayMs ?? 0, eventDelayMs: turn.eventDelayMs ?? 0 };
}

/** How many answers the history holds; neighbours count once, and an answer to be continued does not count. */
function countAnswers(request: ModelRequest): number {
  const roles = request.messages.map((message) => message.role);
  return roles.filter(
    (role, at) => role === "assistant" && at + 1 < roles.length && roles[at + 1] !== "assistant",
  ).length;
}

function checkTurn(
  turn: ScenarioTurn | undefined,
  scenario: Scenario,
  request: ModelRequest,
  turnIndex: number,
): asserts turn is ScenarioTurn {
  if (turn === undefined) {
    const has =
      typeof scenario === "function"
        ? "the scenario function returned nothing"
        : `the scenario has ${scenario.length} turns`;
    throw mismatch(`No scenario turn ${turnIndex}: ${has}; the last message was ${excerptOf(request)}`);
  }
  if (
    turn.expect !== undefined &&
    !lastMessageOf(request).includes(JSON.stringify(turn.expect).slice(1, -1))
  ) {
    throw mismatch(
      `Scenario turn ${turnIndex} expects "${turn.expect}" in the last message, which was ${excerptOf(request)}`,
    );
  }
}

function mismatch(message: string): AwsHttpError {
  return new AwsHttpError(400, "ValidationException", message);
}

function excerptOf(request: ModelRequest): string {
  const asked = lastMessageOf(request);
  return asked.length > 300 ? `${asked.slice(0, 300)}…` : asked;
}

function lastMessageOf(request: ModelRequest): string {
  return JSON.stringify(request.messages.at(-1)?.content ?? "");
}

function toBlocks(content: ScenarioTurn["content"]): ContentBlock[] {
  if (typeof content === "string") {
    return [{ type: "text", text: content }];
  }
  return content.map((block) =>
    block.type === "tool_use"
      ? { ...block, id: block["id"] ?? createId("toolu_bdrk_"), input: block["input"] ?? {} }
      : block,
  );
}

function defaultStopReason(content: readonly ContentBlock[]): string {
  return content.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn";
}

function textOfBlock(block: ContentBlock): string {
  const text = block["text"] ?? block["thinking"];
  return typeof text === "string" ? text : JSON.stringify(block["input"] ?? "");
}
