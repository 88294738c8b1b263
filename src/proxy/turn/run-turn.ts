/**
 * The turn of a request with code execution: scripts that wait go on, then the model is sampled, its scripts run, and so
 * on, until the client has to do something or the model is done.
 *
 * Guarantees: the client's tools run at the client only; a script that was cut off is never run; calls and results come
 * whole; nothing is sampled while a call waits.
 */
import type { ContentBlock, MessageEvent, Model } from "../../model/model.ts";
import { runInShares } from "../../turn-share.ts";
import type { Execution, Progress } from "../containers/execution.ts";
import { CODE_TOOL } from "../conversation/blocks.ts";
import { toModelRequest } from "../render/model-request.ts";
import { type Outcome, toResultBlock } from "../render/result-text.ts";
import type { ParsedRequest } from "../request/parse-request.ts";
import type { ScriptGate } from "./script-gate.ts";
import { type MessageEnd, MessageWriter, type UnsampledStream } from "./message-writer.ts";
import type { OpenTurn } from "./open-turn.ts";
import { type Sample, type SampleContext, sampleModel } from "./sample.ts";
import { orAbort, withPings } from "../waiting.ts";

/** What happens in a turn, for metrics. */
export interface TurnListener {
  readonly onSample?: () => void;
  readonly onScriptEnd?: (outcome: Outcome) => void;
  readonly onWave?: (calls: number) => void;
}

/** What a turn needs. */
export interface TurnContext extends OpenTurn {
  readonly request: ParsedRequest;
  readonly model: Model;
  readonly gate: ScriptGate;
  /** Samples in one request; then `pause_turn`. */
  readonly maxSamples: number;
  /** Milliseconds between two pings while a script runs. */
  readonly pingMs: number;
  /** Milliseconds in which a script ends, or asks its client, however it spends them. */
  readonly hopMs: number;
  readonly unsampledStream: UnsampledStream;
  readonly listener: TurnListener;
  readonly signal: AbortSignal;
}

/** A turn under way. */
interface Turn extends TurnContext {
  readonly writer: MessageWriter;
  readonly ids: Set<string>;
  /** The response so far, and calls that were kept from the client: what the model is sampled with. */
  readonly content: ContentBlock[];
}

/** Runs a turn and yields the response's events. @throws {ToolscriptError | ApiError} */
export async function* runTurn(context: TurnContext): AsyncGenerator<MessageEvent> {
  const turn: Turn = {
    ...context,
    writer: new MessageWriter(context.request.body.model, context.unsampledStream),
    ids: context.history.ids,
    content: [],
  };
  for (const id of context.container.executionIds) turn.ids.add(id);
  let scripts: readonly Execution[] = turn.continued;
  for (let samples = 0; ; samples += 1) {
    const isPaused = yield* runScripts(scripts, turn);
    if (isPaused) return yield* end(turn, { stop_reason: "tool_use" });
    if (samples >= turn.maxSamples) return yield* end(turn, { stop_reason: "pause_turn" });
    turn.listener.onSample?.();
    const sample = yield* sampleModel(await toSampleContext(turn, samples));
    turn.content.push(...sample.content);
    const next = yield* takeSample(sample, turn);
    if (next === undefined) return yield* end(turn, toEndDelta(sample));
    scripts = next;
  }
}

async function toSampleContext(turn: Turn, samples: number): Promise<SampleContext> {
  const { model, writer, ids, signal, request, container } = turn;
  const isFirst = samples === 0 && turn.continued.length === 0;
  const position = { content: turn.content, isFirst };
  const modelRequest = await runInShares(toModelRequest(request, model, position));
  const { directNames } = request.tools;
  return {
    model,
    request: modelRequest,
    writer,
    directNames,
    ids,
    signal,
    onScript: () => container.warmUp(),
  };
}

/** What follows from a sample: scripts to run (none when calls were refused only), or undefined at the end. */
async function* takeSample(
  sample: Sample,
  turn: Turn,
): AsyncGenerator<MessageEvent, readonly Execution[] | undefined> {
  const { scripts, response, hasDirect, refused } = sample;
  if (!isToolStop(response.stop_reason)) {
    for (const { id } of scripts) yield* writeResult(id, { type: "error", code: "invalid_tool_input" }, turn);
    return undefined;
  }
  const executions = scripts.map(({ id, input }) => turn.container.add(id, input));
  for (const use of refused) turn.content.push(toRefusal(use, turn));
  return hasDirect || (executions.length === 0 && refused.length === 0) ? undefined : executions;
}

/** Some families end a turn with calls in it by another reason; a limit or a refusal means that it is not whole. */
function isToolStop(reason: string | null): boolean {
  return reason === "tool_use" || reason === "end_turn" || reason === null;
}

function toEndDelta({ response, scripts, hasDirect }: Sample): MessageEnd["delta"] {
  const { stop_reason: reason, stop_sequence: sequence, stop_details: details } = response;
  const waits = isToolStop(reason) && (scripts.length > 0 || hasDirect);
  return {
    stop_reason: waits ? "tool_use" : reason,
    stop_sequence: sequence ?? null,
    stop_details: details ?? null,
  };
}

/** A call that the model must not make itself, answered for the model alone. */
function toRefusal(use: ContentBlock, { request }: Turn): ContentBlock {
  const name = String(use["name"]);
  const text = request.tools.scriptNames.has(name)
    ? `Tool "${name}" must not be called directly; call it from a script, with ${CODE_TOOL}`
    : `No tool is named "${name}"`;
  return { type: "tool_result", tool_use_id: String(use["id"]), content: text, is_error: true };
}

/** Runs scripts one after another. Returns true when one of them waits for the client. */
async function* runScripts(scripts: readonly Execution[], turn: Turn): AsyncGenerator<MessageEvent, boolean> {
  for (const execution of scripts) {
    const progress = yield* withPings(advance(execution, scripts, turn), turn.pingMs);
    if (progress.type === "wave") {
      turn.listener.onWave?.(progress.calls.length);
      yield* writeWave(execution.id, progress.calls, turn);
      return true;
    }
    turn.listener.onScriptEnd?.(progress.outcome);
    execution.deliver();
    yield* writeResult(execution.id, progress.outcome, turn);
  }
  return false;
}

async function advance(
  execution: Execution,
  scripts: readonly Execution[],
  { owner, container, request, gate, hopMs, signal }: Turn,
): Promise<Progress> {
  const release = await gate.enter(owner.ownerId, signal, owner.maxRunningScripts);
  let timer: NodeJS.Timeout | undefined;
  try {
    if (!execution.started) await orAbort(container.start(execution, request.tools.script, scripts), signal);
    timer = setTimeout(() => execution.endLate(), hopMs);
    return await execution.next(request.tools.scriptNames, signal);
  } finally {
    clearTimeout(timer);
    release();
  }
}

function* writeWave(
  executionId: string,
  calls: Extract<Progress, { type: "wave" }>["calls"],
  { writer, request }: Turn,
): Generator<MessageEvent> {
  const caller = { type: request.tools.code?.callerType, tool_id: executionId };
  for (const { id, call } of calls) {
    yield* writer.block({ type: "tool_use", id, name: call.tool, input: call.input, caller });
  }
}

function* writeResult(
  executionId: string,
  outcome: Outcome,
  { writer, content }: Turn,
): Generator<MessageEvent> {
  const block = toResultBlock(executionId, outcome);
  content.push(block);
  yield* writer.block(block);
}

function* end(turn: Turn, delta: MessageEnd["delta"]): Generator<MessageEvent, void> {
  const { container, writer } = turn;
  container.refresh();
  const info = { id: container.id, expires_at: new Date(container.expiresAt).toISOString(), skills: null };
  yield* writer.end({ delta, container: container.isUsed ? info : undefined });
}
