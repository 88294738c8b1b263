/**
 * `POST /v1/messages/count_tokens`: the service's own count where it has one, otherwise an estimate that says so.
 */
import { isToolscriptError } from "../../errors.ts";
import { countJsonCharacters } from "../../json/write-json.ts";
import type { Model, ModelRequest } from "../../model/model.ts";
import { runInShares } from "../../turn-share.ts";
import { toModelRequest } from "../render/model-request.ts";
import { toPlainRequest } from "../render/plain-request.ts";
import type { ServerState } from "../server-state.ts";
import { readTurnHistory } from "../turn/open-turn.ts";
import { type Exchange, respondJson } from "./exchange.ts";
import { readRequest } from "./messages-route.ts";

/** Response header that marks a count as an estimate. */
const ESTIMATE_HEADER = "toolscript-token-count";
/** Characters of JSON for one token: what English prose and JSON come to with current tokenizers, roughly. */
const CHARACTERS_PER_TOKEN = 3.6;

/** Answers `POST /v1/messages/count_tokens`. @throws {ApiError | ToolscriptError} */
export async function answerCountTokens(exchange: Exchange, state: ServerState): Promise<Response> {
  exchange.account.setKind("count-tokens");
  const { request } = await readRequest(exchange, state, true);
  if (request.tools.code !== undefined || request.hasCodeHistory) {
    await runInShares(readTurnHistory(request));
  }
  const model = state.model(request.body.model);
  const rendered = await runInShares(
    request.tools.code === undefined
      ? toPlainRequest(request, model)
      : toModelRequest(request, model, { content: [], isFirst: true }),
  );
  const counted = { ...rendered, max_tokens: 1 };
  const count = await countBy(model, counted, exchange.signal);
  if (count !== undefined) return respondJson(exchange, { input_tokens: count });
  return respondJson(exchange, { input_tokens: await estimate(rendered) }, { [ESTIMATE_HEADER]: "estimate" });
}

/** The service's count; undefined when it has no such operation, for this model or for this server's role. */
async function countBy(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return await model.countTokens?.(request, { signal });
  } catch (error) {
    const isMissing = isToolscriptError(error, "model-request") && /support/i.test(error.message);
    if (isMissing || isToolscriptError(error, "model-access")) return undefined;
    throw error;
  }
}

async function estimate({ messages, system, tools }: ModelRequest): Promise<number> {
  return Math.ceil((await countJsonCharacters([messages, system, tools])) / CHARACTERS_PER_TOKEN);
}
