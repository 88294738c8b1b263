/**
 * A model that answers at once and looks at nothing.
 */
import type { ContentBlock, Model, ModelResponse } from "../../../src/model/model.ts";
import { responseToEvents } from "../../../src/model/response-events.ts";

/** A model that counts how often it was sampled. */
export interface AnsweringModel extends Model {
  readonly samples: number;
}

/** Makes one that says `content` every time. */
export function createAnsweringModel(
  content: readonly ContentBlock[] = [{ type: "text", text: "Done" }],
): AnsweringModel {
  let samples = 0;
  const message: ModelResponse = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "answering",
    content,
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    usage: {},
  };
  return {
    id: "test:answering",
    scripted: false,
    get samples() {
      return samples;
    },
    async *stream() {
      samples += 1;
      yield* responseToEvents(message);
    },
    async create() {
      samples += 1;
      return message;
    },
  };
}
