/**
 * What a Bedrock model id tells: which API the model is called by, and which Claude it is.
 *
 * Forms: a base id (`anthropic.claude-…`), a cross-region inference profile (`global.`, `us.`, `eu.`, … before it), an
 * ARN. The ARN of an application inference profile or a provisioned model does not name the family.
 */

/** `invoke`: the model's own body over InvokeModel. `converse`: Bedrock's neutral body. */
export type BedrockApi = "invoke" | "converse";

/** The API for a model: InvokeModel for Claude, Converse for all others and for ids that do not tell. */
export function chooseApi(modelId: string): BedrockApi {
  return isClaude(modelId) ? "invoke" : "converse";
}

/** Whether the id names a Claude model. */
export function isClaude(modelId: string): boolean {
  return /(^|[./])anthropic\.claude/.test(modelId);
}

/** Whether the id names an Amazon Nova model. */
export function isNova(modelId: string): boolean {
  return /(^|[./])amazon\.nova/.test(modelId);
}

/** Whether the id says nothing of the model behind it: a profile or a deployment of somebody's own. */
export function isOpaque(modelId: string): boolean {
  return modelId.startsWith("arn:") && !/[/.][a-z0-9-]+\.[a-z0-9]/.test(modelId.slice(modelId.indexOf("/")));
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
