/**
 * Where a request may be computed, as clients of the Claude API say it: `inference_geo`.
 *
 * On Bedrock the inference profile says where. A request that asks for a geography is sent only when the profile keeps it
 * there; it is never computed elsewhere in silence.
 */
import { ToolscriptError } from "../../errors.ts";
import type { ModelRequest } from "../model.ts";

/** @throws {ToolscriptError} `model-request` when the model's id does not promise the geography */
export function checkInferenceGeo(request: ModelRequest, modelId: string): void {
  const geo = request["inference_geo"];
  if (geo === undefined || geo === null || geo === "global" || geo === toGeography(modelId)) return;
  throw new ToolscriptError(
    "model-request",
    `Cannot call Bedrock model "${modelId}" with "inference_geo" set to ${JSON.stringify(geo)}: on Bedrock the inference profile says where, and this one does not promise it; remove "inference_geo", or use a profile of that geography`,
  );
}

/** The geography of an inference profile's id, alone or at the end of an ARN; undefined when it has none. */
function toGeography(modelId: string): string | undefined {
  return /(?:^|\/)([a-z-]+)\.[a-z][a-z0-9]*\.[^/]+$/.exec(modelId)?.[1];
}
