/**
 * Every other model family on Bedrock: Converse and ConverseStream.
 */
import { cutStreamError, type BedrockCaller } from "./bedrock-caller.ts";
import { ConverseEventTranslator } from "./converse-events.ts";
import { originalNames } from "./converse-names.ts";
import { toConverseRequest, type AdditionalFields } from "./converse-request.ts";
import { toModelResponse } from "./converse-response.ts";

/** What only Converse takes. */
export interface ConverseOptions {
  additionalModelRequestFields?: AdditionalFields;
}

/** Calls models over Converse. */
export function createConverseCaller(options: ConverseOptions): BedrockCaller {
  return {
    async *stream(context, request) {
      const { sdk, modelId, watchdog } = context;
      const input = toConverseRequest(request, modelId, options.additionalModelRequestFields);
      const answer = await context.send(new sdk.ConverseStreamCommand(input));
      if (answer.stream === undefined) {
        throw cutStreamError(modelId);
      }
      const translator = new ConverseEventTranslator({
        modelId,
        requestId: answer.$metadata.requestId,
        names: originalNames(request),
      });
      yield* translator.start();
      for await (const event of watchdog.watch(answer.stream)) {
        yield* translator.translate(event);
      }
      if (!(yield* translator.finish())) {
        throw cutStreamError(modelId);
      }
    },
    async create(context, request) {
      const { sdk, modelId } = context;
      const input = toConverseRequest(request, modelId, options.additionalModelRequestFields);
      const output = await context.send(new sdk.ConverseCommand(input));
      return toModelResponse(output, modelId, originalNames(request));
    },
    toCountInput(request, modelId) {
      const input = toConverseRequest(request, modelId, options.additionalModelRequestFields);
      const { messages, system, toolConfig, additionalModelRequestFields } = input;
      return { converse: { messages, system, toolConfig, additionalModelRequestFields } };
    },
  };
}
