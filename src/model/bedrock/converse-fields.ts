/**
 * The fields of a Messages API request beside its messages, system prompt and tools: what becomes of each over Converse.
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { isRecord } from "../is-record.ts";
import type { ModelRequest } from "../model.ts";
import { asksNothing, type ConverseContext, type Harmless } from "./converse-context.ts";
import { toConverseName } from "./converse-names.ts";
import { withOutputConfig } from "./output-config.ts";
import { chooseBetas } from "./strip-request.ts";

/** Parameters of one model family that Converse has no field for. */
export type AdditionalFields = Readonly<Record<string, unknown>>;

/** Fields that are carried, or checked where they are read. */
const CARRIED: ReadonlySet<string> = new Set([
  "max_tokens",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "thinking",
  "context_management",
  "output_config",
  "output_format",
  "cache_control",
  "metadata",
  "anthropic_beta",
  "betas",
  "inference_geo",
]);

/** Fields without which the answer is the same, and why they are left out. */
const HARMLESS: Harmless = {
  model: "",
  stream: "",
  anthropic_version: "",
  container: "Bedrock has no code execution containers",
  service_tier: "Bedrock's default tier serves the request",
  speed: "fast mode is not on Bedrock",
  fallbacks: "server-side fallbacks are not on Bedrock",
  fallback_credit_token: "server-side fallbacks are not on Bedrock",
  billing_policy: "Bedrock bills the request",
  user_profile_id: "user profiles are not on Bedrock",
  diagnostics: "request diagnostics are not on Bedrock",
};

/** Most stop sequences of a request (Converse's API reference). */
const MAX_STOP_SEQUENCES = 2500;

/** What Converse takes in request metadata (its API reference). */
const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;

/** @throws {ToolscriptError} `model-request` for a field that is not known */
export function checkFields(request: ModelRequest, context: ConverseContext): void {
  context.checkKeys(request, CARRIED, "", HARMLESS);
}

/** Limits and randomness. @throws {ToolscriptError} `model-request` for values that Converse does not take */
export function toInferenceConfig(
  request: ModelRequest,
  context: ConverseContext,
): sdk.InferenceConfiguration {
  const { max_tokens: maxTokens } = request;
  const temperature = toNumber(request, "temperature", context);
  const topP = toNumber(request, "top_p", context);
  const stopSequences = toStopSequences(request["stop_sequences"], context);
  return {
    maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stopSequences === undefined ? {} : { stopSequences }),
  };
}

function toNumber(request: ModelRequest, key: string, context: ConverseContext): number | undefined {
  const value = request[key];
  if (typeof value === "number") return value;
  if (value !== undefined && value !== null) context.refuse(`the value ${JSON.stringify(value)}`, key);
  return undefined;
}

function toStopSequences(value: unknown, context: ConverseContext): string[] | undefined {
  if (asksNothing(value)) return undefined;
  const isList = Array.isArray(value) && value.length <= MAX_STOP_SEQUENCES;
  if (isList && value.every((text) => typeof text === "string" && text !== "")) return value as string[];
  context.refuse(
    `anything but a list of at most ${MAX_STOP_SEQUENCES} texts, none of them empty,`,
    "stop_sequences",
  );
  return undefined;
}

/** The client's name for its user, where it fits: it is for whoever reads the logs and changes no answer. */
export function toRequestMetadata(
  metadata: unknown,
  context: ConverseContext,
): Record<string, string> | undefined {
  const carried: Record<string, string> = {};
  for (const [key, value] of Object.entries(isRecord(metadata) ? metadata : {})) {
    if (asksNothing(value)) continue;
    if (key === "user_id" && typeof value === "string" && METADATA_TEXT.test(value)) carried[key] = value;
    else context.drop(`metadata.${key}`, "Bedrock takes short texts of plain characters");
  }
  return Object.keys(carried).length === 0 ? undefined : carried;
}

/** How hard the model tries, and the form of what it writes. @throws {ToolscriptError} `model-request` */
export function toOutputConfig(
  request: ModelRequest,
  context: ConverseContext,
): sdk.OutputConfig | undefined {
  const config = withOutputConfig(request)["output_config"];
  if (!isRecord(config) || asksNothing(config)) return undefined;
  context.checkKeys(config, new Set(["effort", "format"]), "output_config");
  const { format, effort } = config;
  const isSchema = isRecord(format) && format["type"] === "json_schema";
  if (!isSchema && !asksNothing(format)) {
    context.refuse("any format but a JSON schema", "output_config.format");
  }
  const converted = {
    ...(typeof effort === "string" ? { effort } : {}),
    ...(isSchema
      ? {
          textFormat: {
            type: "json_schema" as const,
            structure: { jsonSchema: { schema: JSON.stringify(format["schema"]), name: "output" } },
          },
        }
      : {}),
  };
  return Object.keys(converted).length === 0 ? undefined : converted;
}

/** What travels beside the request, in the model's own words. @throws {ToolscriptError} `model-request` */
export function toAdditionalFields(
  request: ModelRequest,
  additional: AdditionalFields,
  context: ConverseContext,
): Record<string, unknown> {
  const topK = toNumber(request, "top_k", context);
  return {
    ...(topK === undefined ? {} : toTopK(topK, context)),
    ...(context.isClaude ? toClaudeFields(request, context) : refuseClaudeFields(request, context)),
    ...additional,
  };
}

function toTopK(topK: number, { family, modelId }: ConverseContext): Record<string, unknown> {
  if (family === "nova") return { inferenceConfig: { topK } };
  return /(^|[./])cohere\.command/.test(modelId) ? { k: topK } : { top_k: topK };
}

function toClaudeFields(request: ModelRequest, context: ConverseContext): Record<string, unknown> {
  const { thinking, context_management: management, tool_choice: choice } = request;
  const isAlone =
    isRecord(choice) && choice["disable_parallel_tool_use"] === true && choice["type"] !== "none";
  const betas = chooseBetas(request, [], (path, reason) => context.drop(path(), reason));
  return {
    ...(asksNothing(thinking) ? {} : { thinking }),
    ...(asksNothing(management) ? {} : { context_management: management }),
    ...(isAlone ? { tool_choice: withConverseName(choice) } : {}),
    ...(betas.length === 0 ? {} : { anthropic_beta: betas }),
  };
}

function withConverseName(choice: Record<string, unknown>): Record<string, unknown> {
  return typeof choice["name"] === "string" ? { ...choice, name: toConverseName(choice["name"]) } : choice;
}

/** Thinking that is off, and edits of nothing, are what other models do anyway. */
function refuseClaudeFields(request: ModelRequest, context: ConverseContext): Record<string, never> {
  const { thinking, context_management: management } = request;
  if (isRecord(thinking) && (thinking["type"] === "disabled" || thinking["type"] === "between_tools")) {
    context.drop("thinking", "it is off, or the model's own");
  } else if (!asksNothing(thinking)) context.refuse('"thinking"', "thinking");
  const edits = isRecord(management) ? management["edits"] : management;
  if (!asksNothing(edits)) context.refuse('"context_management"', "context_management");
  for (const key of ["anthropic_beta", "betas"]) {
    if (!asksNothing(request[key])) context.drop("anthropic_beta", "betas are of Claude models");
  }
  return {};
}
