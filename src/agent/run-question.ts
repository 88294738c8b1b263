/**
 * The loop: sample, do what the model asked for, sample again, until it has no more to ask or a limit is reached.
 *
 * It decides what happens next and nothing else; sampling, scripts, direct calls and figures have files of their own.
 */
import type { ContentBlock, ModelMessage, ModelRequest, ModelResponse } from "../model/model.ts";
import type { AgentAnswer, AgentStopReason } from "./agent-event.ts";
import type { AgentSetup } from "./agent-options.ts";
import type { Recorder } from "./recorder.ts";
import { sampleModel } from "./sample.ts";
import { findToolUses, toToolResult, type ToolUse } from "./tool-use.ts";
import { createToolUser, type ToolUser } from "./tool-user.ts";

/** What the model gets to read about a tool use that a limit kept from running. */
const NOT_RUN = "Not run: the limit of scripts for this question is reached. Answer with what you have";
const CUT_OFF =
  "Not run: your answer was cut off at max_tokens, so its input may be incomplete. Write a shorter one";

/** Stop reasons after which nothing that the model asked for is run. */
const FINAL_STOP_REASONS = new Set<string | null>(["refusal", "model_context_window_exceeded"]);

/** The state of the conversation. */
interface Conversation {
  readonly messages: ModelMessage[];
  /** What the model said since it last used a tool. */
  text: string;
  /** Whether an answer said of itself that no model was called, as the emulator's do. */
  scripted: boolean;
}

/**
 * Works on one question until there is an answer.
 *
 * @throws {ToolscriptError} what the model and the sandbox throw, and `aborted`
 */
export async function runQuestion(
  setup: AgentSetup,
  question: string,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<AgentAnswer> {
  const conversation: Conversation = {
    messages: [{ role: "user", content: question }],
    text: "",
    scripted: setup.model.scripted,
  };
  await using toolUser = createToolUser(setup, recorder, signal);
  let stopReason: AgentStopReason | undefined;
  while (stopReason === undefined) {
    stopReason = await takeStep(setup, conversation, toolUser, recorder, signal);
  }
  return recorder.toAnswer({ ...conversation, stopReason });
}

/** One sample and what follows from it; gives the reason to stop, if there is one. */
async function takeStep(
  setup: AgentSetup,
  conversation: Conversation,
  toolUser: ToolUser,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<AgentStopReason | undefined> {
  signal.throwIfAborted();
  if (recorder.samples >= setup.maxSamples) return "max-samples";
  const request = toRequest(setup, conversation.messages);
  const response = await sampleModel(setup.model, request, recorder, signal);
  addAnswer(conversation, response);
  const uses = findToolUses(response);
  const reason = response.stop_reason;
  if (reason === "pause_turn") return undefined;
  if (uses.length === 0) return reason ?? "end_turn";
  if (FINAL_STOP_REASONS.has(reason)) return reason ?? "end_turn";
  if (!toolUser.allows(uses)) {
    addResults(conversation, uses, NOT_RUN);
    await takeLastWords(setup, conversation, recorder, signal);
    return "max-cells";
  }
  if (reason === "max_tokens") {
    toolUser.skip(uses);
    addResults(conversation, uses, CUT_OFF);
    return undefined;
  }
  conversation.messages.push({ role: "user", content: await toolUser.use(uses) });
  conversation.text = "";
  return undefined;
}

/** One sample more, in which the model cannot ask for tools: it answers from what its scripts have printed. */
async function takeLastWords(
  setup: AgentSetup,
  conversation: Conversation,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  if (recorder.samples >= setup.maxSamples) return;
  const request = toRequest(setup, conversation.messages, { type: "none" });
  conversation.text = "";
  const response = await sampleModel(setup.model, request, recorder, signal);
  addAnswer(conversation, response);
  const uses = findToolUses(response); // of a model that asks all the same
  if (uses.length > 0) addResults(conversation, uses, NOT_RUN);
}

function toRequest(
  setup: AgentSetup,
  messages: readonly ModelMessage[],
  choice: ModelRequest["tool_choice"] = setup.parallelToolUse
    ? undefined
    : { type: "auto", disable_parallel_tool_use: true },
): ModelRequest {
  const { maxTokens, system, toolbox } = setup;
  return {
    max_tokens: maxTokens,
    ...(system === undefined ? {} : { system }),
    tools: toolbox.offered,
    ...(choice === undefined ? {} : { tool_choice: choice }),
    messages: [...messages],
  };
}

/** The API refuses an empty message, so an empty answer leaves no trace in the conversation. */
function addAnswer(conversation: Conversation, response: ModelResponse): void {
  const { content } = response;
  conversation.scripted ||= response["scripted"] === true;
  if (content.length === 0) return;
  conversation.messages.push({ role: "assistant", content });
  conversation.text += content.map(toText).join("");
}

function toText(block: ContentBlock): string {
  return block.type === "text" && typeof block["text"] === "string" ? block["text"] : "";
}

function addResults(conversation: Conversation, uses: readonly ToolUse[], text: string): void {
  const content = uses.map((use) => toToolResult(use, { text, isError: true }));
  conversation.messages.push({ role: "user", content });
}
