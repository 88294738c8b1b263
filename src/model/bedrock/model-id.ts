/**
 * What a Bedrock model id tells: which API the model is called by, and which Claude it is.
 *
 * Forms: a base id (`anthropic.claude-…`), a cross-region inference profile (`global.`, `us.`, `eu.`, … before it), an
 * ARN. The ARN of an application inference profile, a provisioned model or a deployment does not name the model: whoever
 * made it has to say which it is, and what they say counts more than the id.
 */
import { ToolscriptError } from "../../errors.ts";

/** `invoke`: the model's own body over InvokeModel. `converse`: Bedrock's neutral body. */
export type BedrockApi = "invoke" | "converse";

/** The API for a model: InvokeModel for Claude, Converse for all others and for ids that do not tell. */
export function chooseApi(modelId: string): BedrockApi {
  return isClaude(modelId) ? "invoke" : "converse";
}

/** What a model is, as far as its id tells. `unknown`: an ARN or a profile that names no model. */
export type ModelFamily = "claude" | "nova" | "other" | "unknown";

/** ARNs of resources that stand for a model without naming it. */
const OPAQUE_ARN =
  /^arn:[^:]*:bedrock:[^:]*:[^:]*:(application-inference-profile|provisioned-model|custom-model-deployment|inference-profile|prompt)\//;

/** The family that an id names. */
export function toModelFamily(modelId: string): ModelFamily {
  if (/(^|[./])anthropic\.claude/.test(modelId)) return "claude";
  if (/(^|[./])amazon\.nova/.test(modelId)) return "nova";
  if (VENDOR.test(modelId)) return "other";
  return modelId.startsWith("arn:") && !OPAQUE_ARN.test(modelId) ? "other" : "unknown";
}

/** `vendor.model`, at the beginning, behind a geography, or at the end of an ARN. */
const VENDOR = /(^|[./])[a-z][a-z0-9]*\.[a-z][\w.:-]*$/;

/** Whether the id names a Claude model. */
export function isClaude(modelId: string): boolean {
  return toModelFamily(modelId) === "claude";
}

/**
 * The id by which the rules of a model are looked up: of what somebody says that the model is, else of its own id.
 *
 * @param named a name of the Claude API (`claude-sonnet-5`), or a Bedrock id
 * @throws {ToolscriptError} `invalid-argument` when the name names no model
 */
export function toModelIdentity(modelId: string, named?: string): string {
  if (named === undefined) return modelId;
  const identity = named.startsWith("claude-") ? `anthropic.${named}` : named;
  if (toModelFamily(identity) !== "unknown") return identity;
  throw new ToolscriptError(
    "invalid-argument",
    `Cannot use Bedrock model "${modelId}" as the model "${named}": want a name of the Claude API, such as "claude-sonnet-5", or a Bedrock id, such as "amazon.nova-pro-v1:0"`,
  );
}

/** Whether the model takes messages of the system in the middle of a conversation: Claude Opus 4.8, and all from Claude 5 on. */
export function takesSystemMessages(modelId: string): boolean {
  return /anthropic\.claude-(opus-4-(8|9|[1-9]\d)(?!\d)|[a-z]+-([5-9]|[1-9]\d)(?!\d))/.test(modelId);
}

/** Whether the model takes `strict` on a tool: reported of Sonnet 4.6 and Opus 5, refused by the others tried. */
export function takesStrictTools(modelId: string): boolean {
  return /anthropic\.claude-(sonnet-4-6|opus-5)(?!-\d)/.test(modelId);
}

/** Whether the model takes a `cache_control` at the top of the body: Opus 4.6 and earlier refuse it. */
export function takesTopLevelCacheControl(modelId: string): boolean {
  return !/claude-(v2|instant|3|(opus|sonnet|haiku)-4(-20\d+|-[0-6](?!\d)|(?!-\d)))/.test(modelId);
}
