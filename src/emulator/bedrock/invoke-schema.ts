/**
 * Which keys Bedrock takes in a Claude request body: the data behind `Extra inputs are not permitted`.
 *
 * Bedrock checks more strictly than the Claude API: what is not listed here is refused. Sources: the InvokeModel
 * documentation of Anthropic models, and refusals reported by users of Bedrock.
 */

/** Keys of the body itself. */
export const BODY_KEYS: ReadonlySet<string> = new Set([
  "anthropic_version",
  "anthropic_beta",
  "max_tokens",
  "messages",
  // Claude Code sends it in every body in its Bedrock mode, and has no way to leave it out: it must be taken.
  "metadata",
  "system",
  "tools",
  "tool_choice",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "thinking",
  "output_config",
  "context_management",
  "cache_control",
  "amazon-bedrock-guardrailConfig",
]);

/** Keys of parts of the body. What the SDK's types (1.14) have in beta requests alone is left out: a guess. */
export const PART_KEYS: Readonly<Record<string, readonly string[]>> = {
  output_config: ["effort", "format"],
  "thinking.enabled": ["type", "budget_tokens", "display"],
  "thinking.adaptive": ["type", "display"],
  "thinking.disabled": ["type"],
};

/** How thinking may be shown. */
export const THINKING_DISPLAYS: readonly string[] = ["summarized", "omitted"];

/** Keys of each content block, by its type. */
export const BLOCK_KEYS: Readonly<Record<string, readonly string[]>> = {
  text: ["type", "text", "citations", "cache_control"],
  image: ["type", "source", "cache_control"],
  document: ["type", "source", "title", "context", "citations", "cache_control"],
  search_result: ["type", "source", "title", "content", "citations", "cache_control"],
  tool_use: ["type", "id", "name", "input", "cache_control"],
  tool_result: ["type", "tool_use_id", "content", "is_error", "cache_control"],
  thinking: ["type", "thinking", "signature"],
  redacted_thinking: ["type", "data"],
  compaction: ["type", "content", "cache_control"],
  server_tool_use: ["type", "id", "name", "input", "cache_control"],
  tool_search_tool_result: ["type", "tool_use_id", "content", "cache_control"],
  tool_reference: ["type", "tool_name", "cache_control"],
};

/** Blocks that need the beta of tool search. */
export const TOOL_SEARCH_BLOCKS: ReadonlySet<string> = new Set([
  "server_tool_use",
  "tool_search_tool_result",
  "tool_reference",
]);

/** The beta of tool search on InvokeModel. */
export const TOOL_SEARCH_BETA = "tool-search-tool-2025-10-19";
/** The beta of `input_examples`. */
export const TOOL_EXAMPLES_BETA = "tool-examples-2025-10-29";

/** Beta flags that InvokeModel accepts. */
export const KNOWN_BETAS: ReadonlySet<string> = new Set([
  TOOL_SEARCH_BETA,
  TOOL_EXAMPLES_BETA,
  "computer-use-2025-01-24",
  "computer-use-2025-11-24",
  "context-management-2025-06-27",
  "compact-2026-01-12",
  "interleaved-thinking-2025-05-14",
  "fine-grained-tool-streaming-2025-05-14",
  "context-1m-2025-08-07",
  "token-efficient-tools-2025-02-19",
  "dev-full-thinking-2025-05-14",
  "output-128k-2025-02-19",
]);

/** Types of tools, beside custom ones, that Bedrock knows. */
export const CLIENT_TOOL_TYPES: ReadonlySet<string> = new Set([
  "bash_20250124",
  "text_editor_20250728",
  "memory_20250818",
  "computer_20250124",
  "computer_20251124",
  "tool_search_tool_regex_20251119",
  "tool_search_tool_bm25_20251119",
  "tool_search_tool_regex",
  "tool_search_tool_bm25",
]);

/** Keys of a custom tool that are always taken. */
export const TOOL_KEYS: readonly string[] = ["type", "name", "description", "input_schema", "cache_control"];

/** Versions that the body may name. */
export const KNOWN_VERSIONS: ReadonlySet<string> = new Set([
  "bedrock-2023-05-31",
  "2023-06-01",
  "2026-10-21",
]);

/** Whether the model takes messages of the system in the middle of a conversation: from Opus 4.8 on (a guess; Claude Code sends them). */
export function takesSystemMessages(modelId: string): boolean {
  return namesNoModel(modelId) || /claude-(opus-4-[89]\b|[a-z]+-[5-9]\b)/.test(modelId);
}

/** Whether the model takes `strict` on a tool: reported of Sonnet 4.6 and Opus 5; others refuse it. */
export function takesStrictTools(modelId: string): boolean {
  return namesNoModel(modelId) || /anthropic\.claude-(sonnet-4-6|opus-5)(?![\d-]*\d)/.test(modelId);
}

/** Whether the model takes a `cache_control` at the top of the body: not Opus 4.6 and earlier models. */
export function takesTopLevelCacheControl(modelId: string): boolean {
  return !/claude-(3|instant|v2|(opus|sonnet|haiku)-4-[0-6]\b|(opus|sonnet|haiku)-4-20)/.test(modelId);
}

/** Whether the model refuses `output_config.format`: reported of Claude 5 models. */
export function refusesOutputFormat(modelId: string): boolean {
  return /claude-[a-z]+-5/.test(modelId);
}

/** An ARN that stands for a model without naming it: what any model takes is taken, unless the emulator is told which it is. */
function namesNoModel(modelId: string): boolean {
  return modelId.startsWith("arn:") && !modelId.includes("claude");
}
