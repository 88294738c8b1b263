/**
 * Which model ids Bedrock answers on this surface.
 *
 * Newer Claude models are served through inference profiles only; their bare id is refused. Other families are taken
 * as they come.
 */
import { AwsHttpError } from "../aws-http/aws-error.ts";

/**
 * @param known the only ids that exist; every id when undefined
 * @throws {AwsHttpError} 400 for a bare id that needs an inference profile, or an unknown id
 */
export function checkModelId(modelId: string, known: readonly string[] | undefined): void {
  if (known !== undefined && !known.includes(modelId)) {
    throw new AwsHttpError(400, "ValidationException", "The provided model identifier is invalid.");
  }
  if (/^anthropic\.claude-(?!3-|3\b|v2|instant)/.test(modelId)) {
    throw new AwsHttpError(
      400,
      "ValidationException",
      `Invocation of model ID ${modelId} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`,
    );
  }
}

/**
 * InvokeModel is emulated for Claude's body only; ids that name no family (ARNs of one's own profiles) are taken.
 *
 * @throws {AwsHttpError} 400 for the id of another family
 */
export function checkClaudeId(modelId: string): void {
  if (!modelId.includes("anthropic.claude") && /(^|[./])[a-z0-9-]+\.[a-z]/.test(modelId)) {
    throw new AwsHttpError(
      400,
      "ValidationException",
      `Malformed input request: ${modelId} does not take the body of Claude models, please reformat your input and try again.`,
    );
  }
}
