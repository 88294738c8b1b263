/**
 * `POST /v1/messages`: with code execution a turn of our own, without it the model's answer as it comes.
 */
import { toErrorMessage } from "../../errors.ts";
import { accumulate } from "../../model/accumulate.ts";
import type { MessageEvent, Model, ModelResponse } from "../../model/model.ts";
import type { Container } from "../containers/container.ts";
import { ApiError, toErrorBody } from "../errors/api-error.ts";
import { toApiError } from "../errors/to-api-error.ts";
import { passThrough, streamThrough } from "../pass-through.ts";
import { toPlainRequest } from "../render/plain-request.ts";
import { parseRequest, type ParsedRequest } from "../request/parse-request.ts";
import type { ServerState } from "../server-state.ts";
import { openTurn, readTurnHistory } from "../turn/open-turn.ts";
import { runTurn, type TurnListener } from "../turn/run-turn.ts";
import { checkVersion } from "./check-version.ts";
import { type Exchange, respondJson } from "./exchange.ts";
import { forwardRequest, isForwardable } from "./forward-request.ts";
import { readJsonBody } from "./read-body.ts";
import { noteEvents, noteRequest, noteResponse } from "./request-facts.ts";
import { toSseResponse } from "./sse-response.ts";

/** A checked request, and the bytes that it came as. */
interface ReceivedRequest extends ParsedRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Answers `POST /v1/messages`. @throws {ApiError | ToolscriptError} */
export async function answerMessages(exchange: Exchange, state: ServerState): Promise<Response> {
  const request = await readRequest(exchange, state);
  const model = state.model(request.body.model);
  if (request.tools.code !== undefined) return answerTurn(exchange, state, request, model);
  exchange.setKind("pass-through");
  readTurnHistoryOf(request);
  state.lifecycle.checkOpen(false);
  if (state.options.forward !== undefined && isForwardable(request, state.options.names)) {
    return forwardRequest(exchange, state.options.forward, request.bytes);
  }
  const plain = toPlainRequest(request, model);
  if (request.stream) return respondStream(exchange, state, streamThrough(model, plain, exchange.signal));
  return respondMessage(exchange, state, await passThrough(model, plain, exchange.signal));
}

/** Reads and checks a body of either route that takes messages. */
export async function readRequest(
  exchange: Exchange,
  { options }: ServerState,
  countsTokens = false,
): Promise<ReceivedRequest> {
  const { headers } = exchange.request;
  checkVersion(headers);
  const { value, bytes } = await readJsonBody(exchange.request, options.maxBodyBytes);
  const request = await parseRequest(value, {
    betaHeader: headers.get("anthropic-beta") ?? undefined,
    countsTokens,
  });
  noteRequest(exchange, request.body, options.logBodies);
  const { model } = request.body;
  if (exchange.grant.limits.allowsModel?.(model) === false) {
    throw new ApiError("permission_error", `model: This API key may not use ${model}`);
  }
  return { ...request, bytes };
}

/** A history may hold scripts although the request has no code tool; scripts that wait in it are an error. */
function readTurnHistoryOf(request: ParsedRequest): void {
  if (request.hasCodeHistory) readTurnHistory(request);
}

async function answerTurn(
  exchange: Exchange,
  state: ServerState,
  request: ParsedRequest,
  model: Model,
): Promise<Response> {
  const history = readTurnHistory(request);
  const isContinuation = history.pending.length > 0;
  exchange.setKind(isContinuation ? "continuation" : "code");
  state.lifecycle.checkOpen(isContinuation);
  const { ownerId, limits } = exchange.grant;
  const owner = { ownerId, maxContainers: limits.maxContainers ?? Infinity };
  const turn = await openTurn(request.containerId, history, owner, state.containers);
  const { signal } = exchange;
  exchange.note({ container: turn.container.id, results: history.results.length });
  const listener = toListener(state, exchange);
  const events = runTurn({ ...turn, ...state.options, request, model, listener, signal });
  const leased = withLease(events, turn.container, signal);
  if (request.stream) return respondStream(exchange, state, leased);
  return respondMessage(exchange, state, { container: null, ...(await accumulate(leased)) });
}

/** The container is free again before the client can read the last event: it may ask for more at once. */
async function* withLease(
  events: AsyncIterable<MessageEvent>,
  container: Container,
  signal: AbortSignal,
): AsyncGenerator<MessageEvent> {
  try {
    for await (const event of events) {
      if (event.type === "message_stop") {
        signal.throwIfAborted();
        container.commit();
      }
      yield event;
    }
  } finally {
    container.rollBack();
  }
}

function toListener({ metrics, options }: ServerState, exchange: Exchange): TurnListener {
  let samples = 0;
  return {
    onSample: () => {
      metrics.countSample();
      samples += 1;
      exchange.note({ samples });
    },
    onWave: (calls) => {
      metrics.countWave(calls);
      exchange.note({ calls });
    },
    onScriptEnd: (outcome) => {
      if (outcome.type === "result") {
        metrics.countScript(outcome.result.returnCode === 0 ? "ok" : "failed");
        return;
      }
      const { code, cause } = outcome;
      metrics.countScript(code);
      if (cause === undefined) return;
      const { requestId } = exchange;
      options.log({ level: "error", event: "failure", requestId, code, reason: toErrorMessage(cause) });
    },
  };
}

function respondMessage(exchange: Exchange, { options }: ServerState, message: ModelResponse): Response {
  noteResponse(exchange, message, options.logBodies);
  return respondJson(exchange, message);
}

function respondStream(
  exchange: Exchange,
  { options }: ServerState,
  events: AsyncGenerator<MessageEvent>,
): Promise<Response> {
  const { requestId } = exchange;
  return toSseResponse(noteEvents(events, exchange, options.logBodies), {
    headers: { "request-id": requestId },
    abort: exchange.abort,
    stallMs: options.stallMs,
    toErrorData: (thrown) => toErrorBody(toApiError(thrown), requestId),
    onEnd: (error) => exchange.end(200, error),
  });
}
