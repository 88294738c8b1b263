/**
 * The five routes of Bedrock Runtime that the emulator has, and what each makes of a request.
 */
import type { ModelResponse } from "../../model/model.ts";
import type { Scenario } from "../../model/scenario.ts";
import { toMessageEvents } from "./message-events.ts";
import { countTokensRoute } from "./count-tokens.ts";
import { checkConverseBody } from "./converse-validation.ts";
import { toConverseFrames, toConverseOutput } from "./messages-to-converse.ts";
import { toMessagesRequest } from "./converse-to-messages.ts";
import { toChunkFrames } from "./invoke-frames.ts";
import { checkClaudeId } from "./model-ids.ts";
import { checkInvokeBody } from "./invoke-validation.ts";
import { playScenario, type PlayedAnswer, type TokenCounter } from "./scenario-player.ts";
import type { ReadyAnswer } from "./stream-player.ts";

/** What a route is given. */
export interface RouteInput {
  readonly body: unknown;
  readonly bodyText: string;
  readonly modelId: string;
  readonly scenario: Scenario;
  readonly countTokens: TokenCounter;
}

/** Makes the answer; what it throws is sent as an error. */
export type Route = (input: RouteInput) => Promise<ReadyAnswer>;

/** The routes, by the last part of their path. */
export const ROUTES: Readonly<Record<string, Route>> = {
  invoke: async (input) => {
    const played = await playInvoke(input);
    const { usage } = played.message;
    return {
      ...pace(played),
      headers: {
        "x-amzn-bedrock-input-token-count": String(usage.input_tokens),
        "x-amzn-bedrock-output-token-count": String(usage.output_tokens),
        "x-amzn-bedrock-invocation-latency": "0",
      },
      body: JSON.stringify(withWholeInputs(played.message)),
    };
  },
  "invoke-with-response-stream": async (input) => {
    const played = await playInvoke(input);
    return {
      ...pace(played),
      headers: { "x-amzn-bedrock-content-type": "application/json" },
      body: toChunkFrames(toMessageEvents(played.message)),
    };
  },
  converse: async (input) => {
    const played = await playConverse(input);
    return {
      ...pace(played),
      headers: {},
      body: JSON.stringify(toConverseOutput(withWholeInputs(played.message))),
    };
  },
  "converse-stream": async (input) => {
    const played = await playConverse(input);
    return { ...pace(played), headers: {}, body: toConverseFrames(played.message) };
  },
  "count-tokens": countTokensRoute,
};

async function playInvoke({
  body,
  modelId,
  scenario,
  bodyText,
  countTokens,
}: RouteInput): Promise<PlayedAnswer> {
  checkClaudeId(modelId);
  return playScenario(scenario, checkInvokeBody(body, modelId), bodyText, countTokens);
}

async function playConverse({ body, scenario, bodyText, countTokens }: RouteInput): Promise<PlayedAnswer> {
  return playScenario(scenario, toMessagesRequest(checkConverseBody(body)), bodyText, countTokens);
}

/** Without a stream an input is JSON: one that the scenario has as raw text is parsed, or empty when it was cut. */
function withWholeInputs(message: ModelResponse): ModelResponse {
  const content = message.content.map((block) =>
    typeof block["input"] === "string" ? { ...block, input: parseOrEmpty(block["input"]) } : block,
  );
  return { ...message, content };
}

function parseOrEmpty(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // The scenario cut it on purpose.
    return {};
  }
}

function pace({ delayMs, eventDelayMs }: PlayedAnswer): Pick<ReadyAnswer, "delayMs" | "eventDelayMs"> {
  return { delayMs, eventDelayMs };
}
