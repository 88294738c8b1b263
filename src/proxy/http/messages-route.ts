/**
 * `POST /v1/messages`: with code execution a turn of our own, without it the model's answer as it comes.
 */
import { toErrorMessage } from "../../errors.ts";
import { runInShares, TurnShare } from "../../turn-share.ts";
import { accumulate } from "../../model/accumulate.ts";
import type { MessageEvent, Model, ModelResponse } from "../../model/model.ts";
import type { Container } from "../containers/container.ts";
import { ApiError, toErrorBody } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import { RETRY_COUNT, triesOf } from "../errors/retry-headers.ts";
import { toApiError } from "../errors/to-api-error.ts";
import { passThrough, streamThrough } from "../pass-through.ts";
import { toPlainRequest } from "../render/plain-request.ts";
import { DEFAULT_MAX_OUTPUT_CHARACTERS, parseRequest, type ParsedRequest } from "../request/parse-request.ts";
import type { ServerState } from "../server-state.ts";
import type { History } from "../conversation/read-history.ts";
import { toFingerprint } from "../turn/fingerprint.ts";
import { openTurn, readTurnHistory } from "../turn/open-turn.ts";
import { RecordedTurn } from "../turn/recorded-turn.ts";
import { runTurn, type TurnListener } from "../turn/run-turn.ts";
import { inShares } from "../waiting.ts";
import { checkVersion } from "./check-version.ts";
import { type Exchange, respondJson } from "./exchange.ts";
import { forwardRequest, isForwardable } from "./forward-request.ts";
import { readJsonBody } from "./read-body.ts";
import { noteEvents, noteRequest, noteResponse } from "./request-facts.ts";
import { toSseResponse } from "./sse-response.ts";

/** A checked request, and the bytes that it came as: let go of them where they are not sent on. */
interface ReceivedRequest {
  readonly request: ParsedRequest;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Answers `POST /v1/messages`. @throws {ApiError | ToolscriptError} */
export async function answerMessages(exchange: Exchange, state: ServerState): Promise<Response> {
  const { forward, names } = state.options;
  const { request, bytes } = await readRequest(exchange, state);
  // Not awaited: of the body only what is needed is held while the model answers, its bytes or its value.
  if (forward === undefined || !isForwardable(request, names)) return answerRequest(exchange, state, request);
  exchange.account.setKind("pass-through");
  state.lifecycle.checkOpen(false);
  return forwardRequest(exchange, forward, bytes);
}

async function answerRequest(
  exchange: Exchange,
  state: ServerState,
  request: ParsedRequest,
): Promise<Response> {
  const model = state.model(request.body.model);
  if (request.tools.code !== undefined) return await answerTurn(exchange, state, request, model);
  exchange.account.setKind("pass-through");
  // A history may hold scripts although the request has no code tool; scripts that wait in it are an error.
  if (request.hasCodeHistory) await runInShares(readTurnHistory(request));
  state.lifecycle.checkOpen(false);
  const plain = await runInShares(toPlainRequest(request, model));
  const { signal } = exchange;
  if (request.stream) {
    return await respondStream(exchange, state, inShares(streamThrough(model, plain, signal)));
  }
  return respondMessage(exchange, state, await passThrough(model, plain, signal));
}

/** Reads and checks a body of either route that takes messages. */
export async function readRequest(
  exchange: Exchange,
  { options }: ServerState,
  countsTokens = false,
): Promise<ReceivedRequest> {
  const { headers } = exchange.request;
  checkVersion(headers);
  const share = new TurnShare();
  const { maxBodyBytes: maxBytes } = options;
  const { request: received, incoming, account } = exchange;
  const onBytes = (count: number): void => account.takeBytes(count);
  const { value, bytes } = await readJsonBody(received, { maxBytes, incoming, share, onBytes });
  const parseOptions = {
    betaHeader: headers.get("anthropic-beta") ?? undefined,
    countsTokens,
    maxOutputCharacters: Math.max(DEFAULT_MAX_OUTPUT_CHARACTERS, toOutputCharacters(options.limits)),
  };
  const request = await parseRequest(value, parseOptions, share);
  noteRequest(exchange, request.body, options.logBodies);
  const { model } = request.body;
  if (exchange.grant.limits.allowsModel?.(model) === false) {
    throw new ApiError("permission_error", `model: This API key may not use ${quoted(model)}`);
  }
  return { request, bytes };
}

/** What a script may print here, and what is said beside it. */
function toOutputCharacters({ maxOutputBytes = 0 }: ServerState["options"]["limits"]): number {
  return maxOutputBytes + 64 * 1024;
}

async function answerTurn(
  exchange: Exchange,
  state: ServerState,
  request: ParsedRequest,
  model: Model,
): Promise<Response> {
  const history = await runInShares(readTurnHistory(request));
  const isContinuation = history.pending.length > 0;
  exchange.account.setKind(isContinuation ? "continuation" : "code");
  const { turn, isRepeated } = await toTurn({ exchange, state, request, model, history });
  if (isRepeated) exchange.account.note({ repeated: turn.isOver ? "after its end" : "while it runs" });
  const events = inShares(turn.read(exchange.signal));
  if (request.stream) return respondStream(exchange, state, events);
  return respondMessage(exchange, state, { container: null, ...(await accumulate(events)) });
}

interface TurnRequest {
  readonly exchange: Exchange;
  readonly state: ServerState;
  readonly request: ParsedRequest;
  readonly model: Model;
  readonly history: History;
}

/** The turn of a request: its own, or that of the same request that came before it. @throws {ApiError} */
async function toTurn(
  asked: TurnRequest,
): Promise<{ readonly turn: RecordedTurn; readonly isRepeated: boolean }> {
  const { exchange, state, request, history } = asked;
  const { ownerId, limits } = exchange.grant;
  const { headers } = exchange.request;
  const isContinuation = history.pending.length > 0;
  const isRepeat = isContinuation || triesOf(headers) > 0;
  if (!isRepeat) state.lifecycle.checkOpen(false);
  const fingerprint = await toFingerprint(request.body);
  const { containerId } = request;
  let container =
    containerId === undefined
      ? state.containers.findMadeBy(ownerId, fingerprint, isRepeat)
      : state.containers.get(containerId, ownerId);
  if (container === undefined) {
    state.lifecycle.checkOpen(false);
    container = state.containers.create(ownerId, fingerprint, limits.maxContainers);
  }
  const found = container;
  exchange.account.note({ container: found.id });
  return await found.turnOf(fingerprint, isRepeat, async () => {
    state.lifecycle.checkOpen(isContinuation);
    const mayComeBack = containerId !== undefined || headers.has(RETRY_COUNT);
    return await startTurn(asked, found, mayComeBack ? state.options.graceMs : 0);
  });
}

async function startTurn(
  { exchange, state, request, model, history }: TurnRequest,
  container: Container,
  graceMs: number,
): Promise<RecordedTurn> {
  const { ownerId, limits } = exchange.grant;
  const owner = { ownerId, maxRunningScripts: limits.maxRunningScripts };
  const turn = await openTurn(container, history, owner);
  exchange.account.note({ container: container.id, results: history.results.length });
  const controller = new AbortController();
  const { signal } = controller;
  const listener = toListener(state, exchange);
  const events = runTurn({ ...turn, ...state.options, request, model, listener, signal });
  return new RecordedTurn({
    events: withLease(events, container, signal),
    abort: (reason) => controller.abort(reason),
    graceMs,
  });
}

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

function toListener({ metrics, log }: ServerState, exchange: Exchange): TurnListener {
  let samples = 0;
  return {
    onSample: () => {
      metrics.countSample();
      samples += 1;
      exchange.account.note({ samples });
    },
    onWave: (calls) => {
      metrics.countWave(calls);
      exchange.account.note({ calls });
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
      log({ level: "error", event: "failure", requestId, code, reason: toErrorMessage(cause) });
    },
  };
}

function respondMessage(
  exchange: Exchange,
  { options }: ServerState,
  message: ModelResponse,
): Promise<Response> {
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
    onEnd: (error) => exchange.account.end(200, error),
  });
}
