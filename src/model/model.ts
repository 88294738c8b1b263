/**
 * The model contract: the Messages API's own request and events, whatever service is behind it.
 *
 * Shapes follow the public Messages API; unknown keys pass through untouched in both directions.
 */

/** A content block of a message. Only what Toolscript reads is named; every other key passes through. */
export interface ContentBlock {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** One message of the conversation. Newer Claude models take those of the system here as well; adapters fold them for others. */
export interface ModelMessage {
  readonly role: "user" | "assistant" | "system";
  readonly content: string | readonly ContentBlock[];
}

/** A tool as the model sees it. */
export interface ModelTool {
  readonly name: string;
  readonly description?: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** A Messages API request body without `model` and `stream`, which belong to the adapter. */
export interface ModelRequest {
  readonly max_tokens: number;
  readonly messages: readonly ModelMessage[];
  readonly system?: string | readonly ContentBlock[];
  readonly tools?: readonly ModelTool[];
  readonly [key: string]: unknown;
}

/** Token counts as the Messages API reports them; other keys pass through. */
export interface ModelUsage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly [key: string]: unknown;
}

/** A whole answer of the model. */
export interface ModelResponse {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly ContentBlock[];
  readonly stop_reason: string | null;
  readonly stop_sequence?: string | null;
  readonly usage: ModelUsage;
  readonly [key: string]: unknown;
}

/** The Messages API's streaming events. `ping` and unknown kinds pass through. */
export type MessageEvent =
  | { readonly type: "message_start"; readonly message: ModelResponse; readonly [key: string]: unknown }
  | { readonly type: "content_block_start"; readonly index: number; readonly content_block: ContentBlock }
  | { readonly type: "content_block_delta"; readonly index: number; readonly delta: ContentBlock }
  | { readonly type: "content_block_stop"; readonly index: number }
  | {
      readonly type: "message_delta";
      readonly delta: Readonly<Record<string, unknown>> & { readonly stop_reason?: string | null };
      readonly usage?: ModelUsage;
      readonly [key: string]: unknown;
    }
  | { readonly type: "message_stop"; readonly [key: string]: unknown }
  | { readonly type: "ping"; readonly [key: string]: unknown };

/** Another attempt that is about to be made. */
export interface RetryNotice {
  readonly type: "retry";
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  readonly reason: string;
}

/** A field of the request that is not sent, because the answer does not depend on it. */
export interface DropNotice {
  readonly type: "dropped";
  /** Where it stood, for example `metadata.user_id`. */
  readonly field: string;
  readonly reason: string;
}

/** What happens around a request and is not part of the answer. */
export type ModelNotice = RetryNotice | DropNotice;

/** Options of one request. */
export interface ModelCallOptions {
  /** Gives up the request; the iteration then throws `aborted`. */
  signal?: AbortSignal;
  /** Called for retries and for fields that are not sent, while the request is under way. */
  onNotice?: (notice: ModelNotice) => void;
}

/** A model that can be sampled. */
export interface Model {
  /** How the command line names it: `bedrock:ID`, `anthropic:NAME`, `scripted:FILE`. */
  readonly id: string;
  /** True when no model is called: every output then says so. */
  readonly scripted: boolean;
  /**
   * Samples once and yields the answer's events as they arrive.
   *
   * @throws {ToolscriptError} `model-request`, `model-access`, `model-throttled`, `model-failed`, `model-timeout`,
   *   `invalid-argument`, `scenario-mismatch`, `aborted`
   */
  stream(request: ModelRequest, options?: ModelCallOptions): AsyncIterable<MessageEvent>;
  /** Samples once, without streaming. Same errors. */
  create(request: ModelRequest, options?: ModelCallOptions): Promise<ModelResponse>;
  /** Input tokens of a request, counted by the service; absent when it has no such operation. Same errors. */
  countTokens?(request: ModelRequest, options?: ModelCallOptions): Promise<number>;
}
