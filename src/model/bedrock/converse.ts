/**
 * Every other model family on Bedrock: Converse and ConverseStream.
 */
import type { ConverseCommandInput } from "@aws-sdk/client-bedrock-runtime";
import { ToolscriptError } from "../../errors.ts";
import { runInShares } from "../../turn-share.ts";
import { isRecord } from "../is-record.ts";
import type { ModelRequest } from "../model.ts";
import { cutStreamError, type BedrockCaller } from "./bedrock-caller.ts";
import { ConverseEventTranslator } from "./converse-events.ts";
import { originalNames } from "./converse-names.ts";
import { toConverseRequest, type AdditionalFields } from "./converse-request.ts";
import { toModelResponse } from "./converse-response.ts";
import { isClaude, isOpaque } from "./model-id.ts";
import { toCommand } from "./written-command.ts";

/** What only Converse takes. */
export interface ConverseOptions {
  additionalModelRequestFields?: AdditionalFields;
}

/** Calls models over Converse. */
export function createConverseCaller(options: ConverseOptions): BedrockCaller {
  const toBody = async (request: ModelRequest, modelId: string): Promise<ConverseBody> => {
    checkFeatures(request, modelId);
    const steps = toConverseRequest(request, modelId, options.additionalModelRequestFields);
    const { modelId: _inPath, ...body } = await runInShares(steps);
    return body;
  };
  return {
    async *stream(context, request) {
      const { sdk, modelId, baseModel, watchdog } = context;
      const command = await toCommand(
        await toBody(request, baseModel),
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
      const { sdk, modelId, baseModel } = context;
      const command = await toCommand(
        await toBody(request, baseModel),
        (body) => new sdk.ConverseCommand({ modelId, ...body }),
      );
      const output = await context.send(command);
      return toModelResponse(output, modelId, await runInShares(originalNames(request)));
    },
    async toCountInput(request, modelId) {
      const { messages, system, toolConfig, additionalModelRequestFields } = await toBody(request, modelId);
      return { converse: { messages, system, toolConfig, additionalModelRequestFields } };
    },
  };
}

/**
 * What a client asks of Claude is not dropped in silence: the answer would look as if it had been honoured.
 *
 * @throws {ToolscriptError} `model-request`
 */
function checkFeatures(request: ModelRequest, modelId: string): void {
  if (isClaude(modelId)) return;
  const thinking = isRecord(request["thinking"]) ? request["thinking"]["type"] : undefined;
  const wantsThinking = thinking === "enabled" || (thinking === "adaptive" && isOpaque(modelId));
  if (wantsThinking) throw cannotDo("thinking", modelId);
  if (isRecord(request["context_management"])) throw cannotDo("context_management", modelId);
}

function cannotDo(field: string, modelId: string): ToolscriptError {
  const reason = isOpaque(modelId)
    ? `"${modelId}" does not say which model it is; if it is a Claude, say so ("models": { "claude-…": "${modelId}" } in the configuration of the server, or the option "baseModel")`
    : `Converse has no form for it for other models than Claude; leave it out`;
  return new ToolscriptError("model-request", `Cannot call the model with "${field}": ${reason}`);
}

/** What of a request travels in its body. */
type ConverseBody = Omit<ConverseCommandInput, "modelId">;
