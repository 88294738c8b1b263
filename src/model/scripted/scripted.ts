/**
 * A model that plays a scenario back: the whole program runs, and no model is called.
 *
 * Every answer says so: `scripted` is true and `model` is "scripted". Streams are real sequences of the Messages API's
 * events. It keeps no state: the turn is chosen by the answers that the request's history already holds.
 */
import { setTimeout as wait } from "node:timers/promises";
import { ToolscriptError } from "../../errors.ts";
import { withInputJson } from "../incomplete-input.ts";
import type { ContentBlock, MessageEvent, Model, ModelRequest, ModelResponse } from "../model.ts";
import { responseToEvents } from "../response-events.ts";
import type { Scenario, ScenarioTurn } from "../scenario.ts";

export { loadScenario } from "./load-scenario.ts";
export type { Scenario, ScenarioFunction, ScenarioTurn } from "../scenario.ts";

/** Options of {@link scripted}. */
export interface ScriptedOptions {
  /** What stands behind `scripted:` in the model's id, such as the scenario's file. @default "scenario" */
  name?: string;
}

/** Characters of the last message that an error shows. */
const EXCERPT_CHARACTERS = 300;

/**
 * A model that answers by a scenario.
 *
 * @example
 * const model = scripted([
 *   { content: [{ type: "tool_use", name: "code_execution", input: { code: "print(6 * 7)" } }] },
 *   { content: "The answer is 42.", expect: "42" },
 * ]);
 */
export function scripted(scenario: Scenario, options: ScriptedOptions = {}): Model {
  const { name = "scenario" } = options;
  return {
    id: `scripted:${name}`,
    scripted: true,
    async *stream(request, call = {}): AsyncGenerator<MessageEvent> {
      const { turn, response } = await answer(scenario, request, call.signal);
      let delayMs = turn.delayMs ?? 0;
      for (const event of responseToEvents(response)) {
        await pause(delayMs, call.signal);
        yield event;
        delayMs = turn.eventDelayMs ?? 0;
      }
    },
    async create(request, call = {}): Promise<ModelResponse> {
      const { turn, response } = await answer(scenario, request, call.signal);
      await pause(turn.delayMs ?? 0, call.signal);
      return response;
    },
  };
}

async function answer(
  scenario: Scenario,
  request: ModelRequest,
  signal: AbortSignal | undefined,
): Promise<{ turn: ScenarioTurn; response: ModelResponse }> {
  throwIfAborted(signal);
  const turnIndex = countAnswers(request);
  const turn = typeof scenario === "function" ? await scenario(request, turnIndex) : scenario[turnIndex];
  throwIfAborted(signal);
  if (turn === undefined) {
    throw missingTurn(scenario, request, turnIndex);
  }
  checkExpectation(turn, request, turnIndex);
  return { turn, response: toResponse(turn, turnIndex) };
}

/**
 * How many answers the history holds. Neighbouring assistant messages are one answer; one at the very end is a prefill
 * that is still to be answered.
 */
function countAnswers(request: ModelRequest): number {
  const { messages } = request;
  return messages.filter(
    ({ role }, at) =>
      role === "assistant" && at + 1 < messages.length && messages[at + 1]?.role !== "assistant",
  ).length;
}

function toResponse(turn: ScenarioTurn, turnIndex: number): ModelResponse {
  const content = toBlocks(turn.content, turnIndex);
  const isCalling = content.some((block) => block.type === "tool_use");
  return {
    id: `msg_scripted_${crypto.randomUUID().replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: "scripted",
    scripted: true,
    content,
    stop_reason: turn.stop_reason ?? (isCalling ? "tool_use" : "end_turn"),
    stop_sequence: turn.stop_sequence ?? null,
    usage: { input_tokens: 0, output_tokens: 0, ...turn.usage },
  };
}

function toBlocks(content: ScenarioTurn["content"], turnIndex: number): ContentBlock[] {
  if (typeof content === "string") {
    return [{ type: "text", text: content }];
  }
  return content.map((block, at) => {
    if (block.type !== "tool_use") {
      return block;
    }
    const { input = {} } = block;
    const call = { ...block, id: block["id"] ?? `toolu_scripted_${turnIndex}_${at}` };
    return typeof input === "string" ? withInputJson(call, input) : { ...call, input };
  });
}

function missingTurn(scenario: Scenario, request: ModelRequest, turnIndex: number): ToolscriptError {
  const has =
    typeof scenario === "function"
      ? "the scenario's function returned nothing for it"
      : `the scenario has ${scenario.length} turns`;
  return new ToolscriptError(
    "scenario-mismatch",
    `Cannot play turn ${turnIndex}: ${has}; the last message was ${excerptOf(request)}`,
    { data: { turnIndex, lastMessage: request.messages.at(-1) } },
  );
}

function checkExpectation(turn: ScenarioTurn, request: ModelRequest, turnIndex: number): void {
  const { expect } = turn;
  if (
    expect !== undefined &&
    !textsOf(request.messages.at(-1)?.content).some((text) => text.includes(expect))
  ) {
    throw new ToolscriptError(
      "scenario-mismatch",
      `Cannot play turn ${turnIndex}: it expects "${expect}" in the last message, which was ${excerptOf(request)}`,
      { data: { turnIndex, expect, lastMessage: request.messages.at(-1) } },
    );
  }
}

/** Every text in a content, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function excerptOf(request: ModelRequest): string {
  const text = JSON.stringify(request.messages.at(-1)?.content ?? "");
  return text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new ToolscriptError("aborted", "Gave up to play the scenario: the signal was aborted", {
      cause: signal.reason,
    });
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  if (ms <= 0) {
    return;
  }
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
