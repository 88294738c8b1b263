/**
 * A request without code execution: the model's answer as it comes. Work per event is kept to what clients need: the
 * `caller` of a call, and nothing of the service's own.
 */
import type { ContentBlock, MessageEvent, Model, ModelRequest, ModelResponse } from "../model/model.ts";

const DIRECT = { type: "direct" };
const STOP: MessageEvent = { type: "message_stop" };

/** The whole answer. @throws {ToolscriptError} what the model throws */
export async function passThrough(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelResponse> {
  const response = await model.create(request, { signal });
  return { container: null, ...response, content: response.content.map(withCaller) };
}

/** The answer's events. @throws {ToolscriptError} what the model throws */
export async function* streamThrough(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageEvent> {
  for await (const event of model.stream(request, { signal })) {
    if (event.type === "content_block_start") {
      yield { ...event, content_block: withCaller(event.content_block) };
    } else if (event.type === "message_stop") yield STOP;
    else yield event;
  }
}

function withCaller(block: ContentBlock): ContentBlock {
  const isCall = block.type === "tool_use" || block.type === "server_tool_use";
  return isCall && block["caller"] === undefined ? { ...block, caller: DIRECT } : block;
}
