/**
 * Every other model family on Bedrock: Converse and ConverseStream.
 */
import type { ConverseCommandInput } from "@aws-sdk/client-bedrock-runtime";
import { runInShares } from "../../turn-share.ts";
import type { ModelRequest } from "../model.ts";
import { cutStreamError, type BedrockCaller, type CallContext } from "./bedrock-caller.ts";
import type { UnsupportedFields } from "./converse-context.ts";
import { ConverseEventTranslator } from "./converse-events.ts";
import { originalNames } from "./converse-names.ts";
import { toConverseRequest, type AdditionalFields } from "./converse-request.ts";
import { toModelResponse } from "./converse-response.ts";
import { checkInferenceGeo } from "./inference-geo.ts";
import { toCommand } from "./written-command.ts";

/** What only Converse takes. */
export interface ConverseOptions {
  additionalModelRequestFields?: AdditionalFields;
  unsupportedFields?: UnsupportedFields;
}

/**
 * Calls models over Converse.
 *
 * @param identity - an id that names the model, for the rules of each family
 */
export function createConverseCaller(identity: string, options: ConverseOptions): BedrockCaller {
  const { additionalModelRequestFields: additional, unsupportedFields: unsupported = "refuse" } = options;
  const toBody = async (context: CallContext, request: ModelRequest): Promise<ConverseBody> => {
    checkInferenceGeo(request, context.modelId);
    const { drop } = context;
    const steps = toConverseRequest(request, identity, additional, { unsupported, drop });
    const { modelId: _inPath, ...body } = await runInShares(steps);
    return body;
  };
  return {
    async *stream(context, request) {
      const { sdk, modelId, watchdog } = context;
      const command = await toCommand(
        await toBody(context, request),
        (body) => new sdk.ConverseStreamCommand({ modelId, ...body }),
      );
      const answer = await context.send(command);
      if (answer.stream === undefined) {
        throw cutStreamError(modelId);
      }
      const translator = new ConverseEventTranslator({
        modelId,
        requestId: answer.$metadata.requestId,
        names: await runInShares(originalNames(request)),
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
      const command = await toCommand(
        await toBody(context, request),
        (body) => new sdk.ConverseCommand({ modelId, ...body }),
      );
      const output = await context.send(command);
      return toModelResponse(output, modelId, await runInShares(originalNames(request)));
    },
    async toCountInput(context, request) {
      const { messages, system, toolConfig, additionalModelRequestFields } = await toBody(context, request);
      return { converse: { messages, system, toolConfig, additionalModelRequestFields } };
    },
  };
}

/** What of a request travels in its body. */
type ConverseBody = Omit<ConverseCommandInput, "modelId">;
