/**
 * Samples the model once: streams the answer, reports what arrives, gives the whole answer back.
 */
import { MessageAccumulator } from "../model/accumulate.ts";
import type { MessageEvent, Model, ModelRequest, ModelResponse } from "../model/model.ts";
import type { Recorder } from "./recorder.ts";

/**
 * Samples once.
 *
 * @throws {ToolscriptError} whatever `model.stream` throws, and `model-failed` when the stream is cut
 */
export async function sampleModel(
  model: Model,
  request: ModelRequest,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<ModelResponse> {
  const sample = recorder.samples + 1;
  const startedAtMs = recorder.atMs;
  recorder.record({ type: "sample-started", sample });
  const accumulator = new MessageAccumulator();
  const events = model.stream(request, {
    signal,
    onNotice: (notice) => {
      if (notice.type !== "retry") return;
      const { attempt, delayMs, reason } = notice;
      recorder.record({ type: "model-retry", sample, attempt, delayMs, reason });
    },
  });
  for await (const event of events) {
    accumulator.add(event);
    reportDelta(event, sample, recorder);
  }
  const response = accumulator.finish();
  recorder.record({
    type: "sample-finished",
    sample,
    stopReason: response.stop_reason,
    usage: response.usage,
    ms: recorder.atMs - startedAtMs,
  });
  return response;
}

function reportDelta(event: MessageEvent, sample: number, recorder: Recorder): void {
  if (event.type !== "content_block_delta") return;
  const { type, text, partial_json: json } = event.delta;
  if (type === "text_delta" && typeof text === "string") {
    recorder.record({ type: "text-delta", sample, text });
  } else if (type === "input_json_delta" && typeof json === "string" && json !== "") {
    recorder.record({ type: "code-delta", sample, json });
  }
}
